"""Composition root: the one module that sees settings, store, sync and window."""

import errno
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import resources
from lms_desktop.settings import Home, read_device
from lms_desktop.store import layout
from lms_desktop.store.early import EarlyShelf
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import Blobs
from lms_desktop.store.rows import AccountRow
from lms_desktop.store.sight import look
from lms_desktop.ui import compose
from lms_desktop.ui.actions import ActionFailed, Failure, ServerFacts, Shelf
from lms_desktop.ui.bridge import on_thread, when_done
from lms_desktop.ui.failures import rescue_words
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.window import MainWindow
from lms_server.contract.times import now_ms

if TYPE_CHECKING:
    from lms_desktop.store.profiles import Profiles
    from lms_desktop.store.store import Store
    from lms_desktop.sync.accounts import Accounts
    from lms_desktop.sync.loop import SyncLoop

log = logging.getLogger(__name__)
# After the window is gone an exchange under way gets this long to end; what it was sending goes again next time.
_LEAVE_S = 2.0
# What the command line says of storage trouble too.
NO_HOME = 5
T = TypeVar("T")


def run_window(home: Home, seen: Callable[[], None]) -> int:
    """Open the window on the profile that was open last; returns when it is closed. ``seen`` hears of the first frame.

    Nothing is sent or fetched before that: loading what it needs would hold the frame up.
    """
    app = compose.make_application(sys.argv[:1])
    stands = threading.Event()
    desk = Desk(home, stands)
    try:
        window = open_window(desk)
    except OpenElsewhere:
        desk.close()
        return 0
    except OSError as error:
        sys.stderr.write(f"lms-desktop: {home.path} can't be the app's folder: {error.strerror}\n")
        compose.say_homeless(home.path)
        return NO_HOME

    def stand() -> None:
        seen()
        stands.set()
        _single().FirstWindow(window, home.path)

    compose.when_seen(window, stand)
    window.show()
    code = app.exec()
    stands.set()
    desk.close()
    return code


class OpenElsewhere(Exception):
    """The profile's window is open already, and has come to the front."""


def open_window(desk: "Desk") -> MainWindow:
    """The window with the profile that was open last, or the first start. Raises OpenElsewhere."""
    desk.home.path.mkdir(parents=True, exist_ok=True)
    window = compose.build_window(desk, PreferenceFile(desk.home.window))
    try:
        window.open_shelf(desk.open_current())
    except StorageTrouble as trouble:
        if trouble.code is Storage.IN_USE and _single().call_first(desk.home.path):
            raise OpenElsewhere from trouble
        window.open_shelf(None)
        compose.say_unopened(window, trouble.code, desk)
    if desk.opening is not None:
        when_done(window, desk.opening, partial(_arrived, window, desk), lambda _failure: None)
    _say_notice(window, desk)
    return window


def _arrived(window: MainWindow, desk: "Desk", trouble: StorageTrouble | None) -> None:
    """The profile that the window shows is open now, or can't be opened."""
    if trouble is not None:
        window.open_shelf(None)
        compose.say_unopened(window, trouble.code, desk)
    _say_notice(window, desk)


def _say_notice(window: MainWindow, desk: "Desk") -> None:
    if (notice := desk.take_notice()) is not None:
        compose.say(window, notice)


@dataclass(eq=False)
class Opened:
    """A profile that the window was given: what it shows, and, once that is open, the store and the thread that syncs.

    A profile that belongs to no server has no such thread.
    """

    shelf: Shelf
    store: "Store | None" = None
    loop: "Future[SyncLoop] | None" = None


class Desk:
    """What the window asks for, done with the store and the sync thread."""

    def __init__(self, home: Home, stands: threading.Event | None = None) -> None:
        """Opening and syncing wait until the window ``stands``; without an event for that, neither waits."""
        self.home = home
        # What is to be said of a profile that is shown already and opened behind it.
        self.opening: Future[StorageTrouble | None] | None = None
        self._stands = stands
        # In the order of their opening: between two learners both are open, and the window is told of the last.
        self._opened: list[Opened] = []
        self._closing: dict[Path, Future[None]] = {}

    def close(self) -> None:
        """End the sync threads and close the profiles."""
        for opened in list(self._opened):
            self.put_back(opened.shelf)
        wait(self._closing.values(), _LEAVE_S)

    def open_current(self) -> Shelf | None:
        """The profile that was open last, if there is one. Raises StorageTrouble when it doesn't open."""
        folder = layout.current(self.home)
        if folder is None:
            return None
        seen = look(folder) if self._stands is not None else None
        if self._stands is None or seen is None:
            return self._open(folder)
        early = EarlyShelf(seen, Blobs(self.home.blobs), self._stands.set)
        opened = Opened(cast("Shelf", early))
        self._opened.append(opened)
        self.opening = on_thread(self._open_behind, early, opened, self._stands)
        return opened.shelf

    def take_notice(self) -> str | None:
        """What happened to the open profile while nobody looked, told once: it was damaged and made again."""
        for opened in list(self._opened):
            if opened.store is not None and (notice := opened.store.notice) is not None:
                opened.store.dismiss_notice()
                return rescue_words(notice.kept_as, notice.unsent)
        return None

    @property
    def profiles(self) -> "Profiles":
        return cast("Profiles", _load("store.profiles").Profiles(self.home))

    def accounts(self) -> tuple[AccountRow, ...]:
        return self.profiles.all()

    def look_up(self, url: str) -> Future[ServerFacts]:
        def ask() -> ServerFacts:
            found = self._accounts().look_up(url)
            return ServerFacts(found.url, found.facts.name, found.facts.registration == "open")

        return self._do(ask)

    def sign_in(self, url: str, email: str, password: str) -> Future[Shelf]:
        return self._enter(lambda: self._accounts().sign_in(url, email, password))

    def create_account(self, url: str, name: str, email: str, password: str) -> Future[Shelf]:
        return self._enter(lambda: self._accounts().register(url, name, email, password))

    def browse_as_guest(self, url: str) -> Future[Shelf]:
        return self._enter(lambda: self._accounts().browse(url))

    def look_around(self) -> Future[Shelf]:
        return self._enter(lambda: _load("store.sample").make_sample_profile(self.profiles, resources.path("sample")))

    def switch_to(self, account: AccountRow) -> Future[Shelf]:
        def choose() -> Path:
            folder = self.profiles.folder_of(account)
            self.profiles.make_current(folder)
            return folder

        return self._enter(choose)

    def sign_out(self) -> Future[Shelf | None]:
        def leave() -> Shelf | None:
            folder = self.profiles.current()
            if folder is not None:
                self._accounts().sign_out(folder)
            return None

        return self._do(leave)

    def put_back(self, shelf: Shelf) -> None:
        self._wait_for_opening(_LEAVE_S)
        for opened in [opened for opened in self._opened if opened.shelf is shelf]:
            self._opened.remove(opened)
            if opened.store is not None:
                self._closing[opened.store.folder] = on_thread(_close, opened.store, opened.loop)

    def sync_now(self) -> None:
        self._with_loop(lambda loop: loop.wake())

    def try_again(self, command_id: str) -> None:
        self._store().try_again(command_id)

    def export_unsent(self, file: Path, command_id: str | None = None) -> Future[int]:
        return self._do(lambda: _written(lambda: _load("store.export").export(self._store(), file, command_id)))

    def export_unopened(self, file: Path) -> Future[int]:
        folder = layout.current(self.home)
        return self._do(lambda: _written(lambda: _load("store.rescue").export_unopened(folder, file, now_ms())))

    def download(self, course_uid: str) -> None:
        self._with_loop(lambda loop: loop.download(course_uid))

    def pause_download(self, course_uid: str) -> None:
        self._with_loop(lambda loop: loop.pause(course_uid))

    def cancel_download(self, course_uid: str) -> None:
        self._with_loop(lambda loop: loop.cancel(course_uid))

    def remove_download(self, course_uid: str) -> None:
        store = self._store()
        self._do(lambda: _load("store.unused").remove(store, course_uid))

    def free_bytes(self) -> int:
        return Blobs(self.home.blobs).free_bytes()

    def _open(self, folder: Path) -> Shelf:
        if (closing := self._closing.pop(folder, None)) is not None:
            wait([closing])
        store = self.profiles.open(folder)
        opened = Opened(cast("Shelf", store))
        self._fill(opened, store)
        self._opened.append(opened)
        return opened.shelf

    def _open_behind(self, shelf: EarlyShelf, opened: Opened, stands: threading.Event) -> StorageTrouble | None:
        stands.wait()
        try:
            store = self.profiles.open(shelf.folder)
        except StorageTrouble as trouble:
            shelf.fail(trouble)
            return trouble
        except BaseException as bug:
            shelf.fail(bug)
            raise
        self._fill(opened, store)
        shelf.arrive(store)
        return None

    def _fill(self, opened: Opened, store: "Store") -> None:
        opened.store = store
        if store.place.url:
            opened.loop = on_thread(self._start_loop, store)

    def _start_loop(self, store: "Store") -> "SyncLoop":
        if self._stands is not None:
            self._stands.wait()
        sync = _load("sync.loop")
        credentials = _load("sync.credentials").Credentials(store.folder)
        loop: SyncLoop = sync.SyncLoop(store, read_device(self.home), credentials)
        loop.start()
        return loop

    def _enter(self, find: Callable[[], Path]) -> Future[Shelf]:
        def enter() -> Shelf:
            folder = find()
            self._wait_for_opening()
            for opened in list(self._opened):
                if opened.store is not None and opened.store.folder == folder:
                    # Signed in again: the same learner goes on where they were, with the new token and address.
                    opened.store.read_owner()
                    _ask(opened, lambda loop: loop.reconnect())
                    return opened.shelf
            return self._open(folder)

        return self._do(enter)

    def _wait_for_opening(self, most_s: float | None = None) -> None:
        if self.opening is not None:
            wait([self.opening], most_s)

    def _store(self) -> "Store":
        return [opened.store for opened in self._opened if opened.store is not None][-1]

    def _with_loop(self, ask: "Callable[[SyncLoop], None]") -> None:
        for opened in self._opened[-1:]:
            _ask(opened, ask)

    def _accounts(self) -> "Accounts":
        return cast("Accounts", _load("sync.accounts").Accounts(self.profiles, read_device(self.home)))

    def _do(self, ask: Callable[[], T]) -> Future[T]:
        return on_thread(_said_to_the_window, ask)


def _ask(opened: Opened, ask: "Callable[[SyncLoop], None]") -> None:
    if opened.loop is not None:
        opened.loop.add_done_callback(lambda done: ask(done.result()))


def _close(store: "Store", loop: "Future[SyncLoop] | None") -> None:
    if loop is not None and loop.exception() is None:
        loop.result().stop()
    store.close()


def _single() -> Any:
    # Qt's network library is needed only behind the first frame, or by a second window.
    return importlib.import_module("lms_desktop.ui.single")


def _load(name: str) -> Any:
    # httpx, SQLAlchemy and their friends cost more than the first frame may take.
    return importlib.import_module(f"lms_desktop.{name}")


def _said_to_the_window(ask: Callable[[], T]) -> T:
    """Turn Trouble into what the window has words for; anything else is a bug and stays one."""
    errors = _load("sync.errors")
    # To the sync these are one: no connection. Whoever types an address wants to know which.
    offline = {errors.Untrusted: Failure.UNTRUSTED, errors.NotAServer: Failure.NOT_A_SERVER}
    try:
        return ask()
    except ActionFailed:
        raise
    except StorageTrouble as error:
        raise ActionFailed(_TROUBLES.get(error.code, Failure.STORAGE)) from error
    except errors.Trouble as error:
        failure = offline.get(type(error)) or _FAILURES.get(error.code, Failure.SERVER_TROUBLE)
        raise ActionFailed(failure) from error
    except Exception:
        log.exception("An action failed")
        raise


def _written(write: Callable[[], int]) -> int:
    """The learner chose the place, and can choose another."""
    try:
        return write()
    except OSError as error:
        raise ActionFailed(Failure.DISK_FULL if error.errno == errno.ENOSPC else Failure.STORAGE) from error


_TROUBLES = {
    Storage.FULL: Failure.DISK_FULL,
    Storage.READ_ONLY: Failure.READ_ONLY,
    Storage.DAMAGED: Failure.DAMAGED,
    Storage.NEWER: Failure.NEWER,
    Storage.IN_USE: Failure.IN_USE,
}
_FAILURES = {
    "offline": Failure.OFFLINE,
    "bad_credentials": Failure.BAD_CREDENTIALS,
    "signed_out": Failure.BAD_CREDENTIALS,
    "account_disabled": Failure.ACCOUNT_DISABLED,
    "update_needed": Failure.UPDATE_NEEDED,
    "wrong_server": Failure.WRONG_SERVER,
    "not_taken": Failure.BAD_ACCOUNT,
    "email_taken": Failure.EMAIL_TAKEN,
    "registration_closed": Failure.REGISTRATION_CLOSED,
    "too_many_attempts": Failure.THROTTLED,
}
