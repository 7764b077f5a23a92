"""What pages ask for and are given: reads, work that may need the network, and ways to other pages."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from lms_desktop.store.drive import Risk
from lms_desktop.store.rows import (
    AccountRow,
    Badge,
    CatalogPage,
    CertificatesPage,
    CoursePage,
    DownloadRow,
    Found,
    Learner,
    LearnPage,
    LessonPage,
    Place,
    SyncPage,
    Topic,
)
from lms_desktop.ui.preferences import Preferences
from lms_server.contract.commands import Click


class Views(Protocol):
    """One read a screen."""

    def learn(self) -> LearnPage: ...
    def catalog(self, search: str = "", level: str | None = None, language: str | None = None) -> CatalogPage: ...
    def search(self, words: str) -> tuple[Found, ...]: ...
    def course(self, uid: str) -> CoursePage | None: ...
    def lesson(self, uid: str) -> LessonPage | None: ...
    def certificates(self) -> CertificatesPage: ...
    def certificate_count(self) -> int: ...
    def has_courses(self) -> bool: ...
    def sync(self) -> SyncPage: ...
    def badge(self) -> Badge: ...
    def downloads(self) -> tuple[DownloadRow, ...]: ...
    def room_taken(self) -> int: ...
    def risk(self) -> Risk | None: ...
    def under_way(self) -> tuple[DownloadRow, ...]: ...
    def accounts(self) -> tuple[AccountRow, ...]: ...
    def has_learners(self) -> bool: ...


class Shelf(Protocol):
    """The store as screens see it."""

    @property
    def views(self) -> Views: ...
    @property
    def learner(self) -> Learner: ...
    @property
    def place(self) -> Place | None: ...
    @property
    def public_key_bytes(self) -> bytes:
        """Give the key that the place signs its certificates with; empty until it is known."""

    def blob(self, sha256: str) -> bytes | None: ...
    def record(self, command: Click) -> str: ...
    def subscribe(self, listener: Callable[[frozenset[Topic]], None]) -> Callable[[], None]: ...


def server_of(place: Place | None) -> Place | None:
    """The place if there is a server behind it; the sample course has none."""
    return place if place is not None and place.url else None


class Failure(StrEnum):
    """Why an action did not come to its end; each has its words in ``ui.failures``."""

    OFFLINE = "offline"
    UNTRUSTED = "untrusted"
    NOT_A_SERVER = "not_a_server"
    BAD_CREDENTIALS = "bad_credentials"
    ACCOUNT_DISABLED = "account_disabled"
    THROTTLED = "throttled"
    REGISTRATION_CLOSED = "registration_closed"
    EMAIL_TAKEN = "email_taken"
    BAD_ACCOUNT = "bad_account"
    UPDATE_NEEDED = "update_needed"
    WRONG_SERVER = "wrong_server"
    SERVER_TROUBLE = "server_trouble"
    DISK_FULL = "disk_full"
    STORAGE = "storage"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    NEWER = "newer"
    IN_USE = "in_use"
    UNEXPECTED = "unexpected"


class ActionFailed(Exception):
    """What a future of ``Actions`` raises when the environment or a rule says no; anything else is a bug."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself before anybody signs in."""

    url: str
    name: str
    registration_is_open: bool


class Actions(Protocol):
    """Everything that may take time; futures end on any thread, ``ui.bridge.when_done`` brings them home.

    Those that change who is learning give the newly opened shelf, which the window then shows.
    """

    def accounts(self) -> tuple[AccountRow, ...]:
        """Everybody with a profile on this laptop."""

    def look_up(self, url: str) -> Future[ServerFacts]: ...
    def sign_in(self, url: str, email: str, password: str) -> Future[Shelf]: ...
    def create_account(self, url: str, name: str, email: str, password: str) -> Future[Shelf]: ...
    def browse_as_guest(self, url: str) -> Future[Shelf]: ...
    def look_around(self) -> Future[Shelf]:
        """Open the sample course without a server."""

    def switch_to(self, account: AccountRow) -> Future[Shelf]: ...
    def sign_out(self) -> Future[Shelf | None]:
        """Leave; the work stays. Gives whom the window shows next, or nothing for the first start."""

    def put_back(self, shelf: Shelf) -> None:
        """Close a shelf that no page shows any more."""

    def sync_now(self) -> None: ...
    def try_again(self, command_id: str) -> None:
        """Put a command that needs attention back into the outbox."""

    def export_unsent(self, file: Path, command_id: str | None = None) -> Future[int]:
        """Write commands not acknowledged yet (all, or the one named); the future tells how many."""

    def export_unopened(self, file: Path) -> Future[int]:
        """Write the same of the profile that was chosen last, though it doesn't open."""

    def download(self, course_uid: str) -> None:
        """Begin or go on with bringing a course to this laptop."""

    def pause_download(self, course_uid: str) -> None: ...
    def cancel_download(self, course_uid: str) -> None: ...
    def remove_download(self, course_uid: str) -> None: ...
    def free_bytes(self) -> int:
        """Tell how much room the disk has left."""


class Navigator(Protocol):
    """Ways to other pages; what the window is for."""

    def show_learn(self) -> None: ...
    def show_catalog(self, search: str = "") -> None: ...
    def show_course(self, uid: str) -> None: ...
    def show_lesson(self, uid: str) -> None: ...
    def show_certificates(self, uuid: str | None = None) -> None: ...
    def show_sign_in(self, then: Callable[[Shelf], None] | None = None) -> None:
        """Ask who is learning, come back to the same place and do ``then`` with that learner's shelf."""

    def back(self) -> None: ...
    def choose(self, preferences: Preferences) -> None:
        """Keep these choices and show the window with them."""
