"""A sample shelf of frozen rows, for pictures and tests of the window."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lms_desktop.store.drive import Risk
from lms_desktop.store.rows import (
    AccountRow,
    Badge,
    BadgeState,
    CatalogPage,
    CertificateRow,
    CertificatesPage,
    CommandRow,
    Continue,
    CoursePage,
    CourseRow,
    DownloadRow,
    Found,
    Learner,
    LearnPage,
    LessonPage,
    LessonRow,
    Place,
    SyncPage,
    SyncRow,
    Topic,
)
from lms_desktop.ui.actions import ActionFailed, Failure, ServerFacts

TODAY = datetime.now().astimezone().replace(hour=14, minute=31, second=0, microsecond=0)
MB = 1_000_000


def at(days: int, hour: int, minute: int) -> int:
    """Milliseconds of a moment some days ago."""
    moment = (TODAY - timedelta(days=days)).replace(hour=hour, minute=minute)
    return int(moment.timestamp() * 1000)


ANA = Learner("u-ana", "Ana Moreno", "ana@hillside.example")
LEILA = Learner("u-leila", "ليلى حداد", "leila@hillside.example")
GUEST = Learner(None, "", "")
HILLSIDE = Place("s-1", "https://hillside.example", "Hillside Library")


def course(uid: str, slug: str, title: str, **changes: Any) -> CourseRow:
    row = CourseRow(
        uid=uid,
        slug=slug,
        title=title,
        summary="What to do in the first ten minutes, until help arrives.",
        level="beginner",
        language="en",
        direction="ltr",
        cover=None,
        license="CC BY 4.0",
        authors="A. Author",
        version="3",
        is_open=True,
        is_enrolled=True,
        has_preview=False,
        lessons=14,
        completed=5,
        bytes_total=38 * MB,
        bytes_here=38 * MB,
        certificate=None,
    )
    return replace(row, **changes)


FIRST_AID = course("18", "first-aid", "First aid")
RUST = course(
    "19",
    "comprehensive-rust",
    "Comprehensive Rust",
    summary="From the first line of Rust to threads and memory.",
    level="intermediate",
    lessons=148,
    completed=61,
    bytes_total=184 * MB,
    bytes_here=118 * MB,
)
ACCOUNTING = course(
    "7",
    "accounting",
    "مدخل إلى المحاسبة",
    summary="الدفاتر والقيود والميزانية لمشروع صغير.",
    language="ar",
    direction="rtl",
    lessons=22,
    completed=2,
    bytes_total=40 * MB,
    bytes_here=12 * MB,
)
BAND = course("2", "rock-band", "Rock band in Python", lessons=9, completed=9)
GARDEN = course(
    "0",
    "growing-vegetables",
    "Growing vegetables",
    summary="A garden on two square metres, from seed to table.",
    is_enrolled=False,
    has_preview=True,
    lessons=18,
    completed=0,
    bytes_total=24 * MB,
    bytes_here=0,
)
SHOP = course(
    "4",
    "cuentas",
    "Cuentas para una tienda",
    summary="Precios, inventario y caja para una tienda pequeña.",
    language="es",
    is_enrolled=False,
    has_preview=True,
    lessons=16,
    completed=0,
    bytes_total=96 * MB,
    bytes_here=0,
)
COURSES = (FIRST_AID, RUST, ACCOUNTING, BAND)
ALL_COURSES = (FIRST_AID, RUST, ACCOUNTING, GARDEN, SHOP, BAND)


def lesson(number: int, title: str, section: str, minutes: int, **changes: Any) -> LessonRow:
    row = LessonRow(
        uid=f"l-{number}",
        title=title,
        section=section,
        number=number,
        minutes=minutes,
        is_free_preview=False,
        is_started=number <= 6,
        is_completed=number <= 5,
        is_new_since_certificate=False,
        is_here=number <= 8,
        is_readable=True,
    )
    return replace(row, **changes)


LESSONS = (
    lesson(1, "Is it safe?", "Before you help", 4),
    lesson(2, "Call for help", "Before you help", 5),
    lesson(3, "Ask before you touch", "Before you help", 3),
    lesson(4, "Opening the airway", "Breathing and circulation", 6),
    lesson(5, "Checking for breathing", "Breathing and circulation", 4),
    lesson(6, "Chest compressions", "Breathing and circulation", 8),
    lesson(7, "Using a defibrillator", "Breathing and circulation", 5),
    lesson(8, "The recovery position", "Breathing and circulation", 4, is_free_preview=True),
    lesson(9, "Choking", "Breathing and circulation", 6, is_new_since_certificate=True),
    lesson(10, "Pressing on a wound", "Bleeding and burns", 7),
    lesson(11, "Burns and scalds", "Bleeding and burns", 6),
)
HTML = (
    "<p>When the heart stops, your hands can do its work. Compressions push blood to the brain until help arrives. "
    "You do not have to be perfect: <strong>pressing badly is far better than not pressing at all.</strong></p>"
    "<h2>Where to put your hands</h2><p>Kneel beside the chest. Put the heel of one hand on the centre of the chest, "
    "put the other hand on top and lock your fingers.</p><ul><li>Arms straight</li><li>Shoulders above</li></ul>"
)


def command(number: int, kind: str, title: str | None, where: str, made_at: int, code: str | None = None) -> CommandRow:
    return CommandRow(f"c-{number}", kind, title, where, "18", made_at, code)


PENDING = (
    command(1, "complete_lesson", "Chest compressions", "First aid", at(0, 14, 31)),
    command(2, "complete_lesson", "Ownership", "Comprehensive Rust", at(0, 14, 12)),
    command(3, "enroll", None, "مدخل إلى المحاسبة", at(0, 14, 6)),
)
ATTENTION = (command(4, "complete_lesson", "Burns and scalds", "First aid", at(1, 21, 40), "malformed"),)
PARKED = (command(5, "complete_lesson", "Trait bounds", "Comprehensive Rust", at(1, 20, 2), "not_enrolled"),)
SYNCS = (
    SyncRow(at(0, 14, 2), 12, 4, "ok", 1),
    SyncRow(at(0, 9, 15), 3, 0, "ok", 0),
    SyncRow(at(2, 21, 44), 0, 0, "offline", 0),
    SyncRow(at(2, 18, 20), 7, 126, "ok", 0),
    SyncRow(at(16, 17, 2), 31, 58, "ok", 0),
)
CERTIFICATES = (
    CertificateRow(
        "e6b95350-3a9b-8c1d-a242-e4d9113cf241",
        "18",
        "First aid",
        "Ana Moreno",
        None,
        at(0, 9, 0),
        at(0, 9, 1),
        "{}",
        None,
    ),
    CertificateRow(
        "38fadc5f-0a8b-80dd-8039-821398d8ef49",
        "4",
        "Español para el trabajo",
        "Ana Moreno",
        None,
        at(80, 9, 0),
        at(80, 9, 1),
        "{}",
        None,
    ),
)
SYNC_PAGE = SyncPage(ATTENTION, PENDING, 3, PARKED, SYNCS, at(0, 14, 2), HILLSIDE)
BADGE = Badge(BadgeState.ATTENTION, 3, 1, 0, at(0, 14, 2), None)
CERTIFICATES_PAGE = CertificatesPage(CERTIFICATES, (BAND,))


@dataclass
class SampleViews:
    """What a test lays out; change a field and tell the shelf."""

    who: Learner = ANA
    courses: tuple[CourseRow, ...] = COURSES
    catalog_courses: tuple[CourseRow, ...] = ALL_COURSES
    going_on: Continue | None = field(
        default_factory=lambda: Continue(FIRST_AID, "l-6", "Chest compressions", number=6, minutes=8)
    )
    sync_page: SyncPage = SYNC_PAGE
    badge_row: Badge = BADGE
    certificate_rows: CertificatesPage = CERTIFICATES_PAGE
    download_rows: tuple[DownloadRow, ...] = (
        DownloadRow(RUST, "running", 118 * MB, 184 * MB, 1_200_000, None),
        DownloadRow(FIRST_AID, "done", 38 * MB, 38 * MB, None, None),
        DownloadRow(ACCOUNTING, "paused", 12 * MB, 40 * MB, None, None),
        DownloadRow(BAND, "failed", 3 * MB, 60 * MB, None, "disk_full"),
        DownloadRow(SHOP, "none", 0, 96 * MB, None, None),
    )
    folder_risk: Risk | None = None
    account_rows: tuple[AccountRow, ...] = (
        AccountRow(HILLSIDE, ANA, 3, is_current=True),
        AccountRow(HILLSIDE, LEILA, 12, is_current=False),
    )

    def learn(self) -> LearnPage:
        return LearnPage(self.who, self.going_on, self.courses)

    def search(self, words: str) -> tuple[Found, ...]:
        if not words:
            return ()
        snippet = (
            f"Kneel beside the chest: \x02{words}\x03 and lock your fingers, with your shoulders above your hands."
        )
        return (Found(LESSONS[0].uid, "Chest compressions", self.catalog_courses[0].uid, "First aid", snippet),)

    def catalog(self, search: str = "", level: str | None = None, language: str | None = None) -> CatalogPage:
        rows = tuple(
            row
            for row in self.catalog_courses
            if search.casefold() in f"{row.title} {row.summary}".casefold()
            and level in {None, row.level}
            and language in {None, row.language}
        )
        return CatalogPage(31, ("ar", "en", "es"), rows)

    def course(self, uid: str) -> CoursePage | None:
        found = {row.uid: row for row in self.catalog_courses}.get(uid)
        return None if found is None else CoursePage(found, LESSONS, "l-6" if found.is_enrolled else None)

    def lesson(self, uid: str) -> LessonPage | None:
        found = {row.uid: row for row in LESSONS}.get(uid)
        if found is None:
            return None
        place = LESSONS.index(found)
        before = LESSONS[place - 1].uid if place else None
        after = LESSONS[place + 1].uid if place + 1 < len(LESSONS) else None
        return LessonPage(FIRST_AID, LESSONS, found, HTML, (), before, after)

    def certificates(self) -> CertificatesPage:
        return self.certificate_rows

    def sync(self) -> SyncPage:
        return self.sync_page

    def badge(self) -> Badge:
        return self.badge_row

    def downloads(self) -> tuple[DownloadRow, ...]:
        return self.download_rows

    def room_taken(self) -> int:
        return sum(row.bytes_done for row in self.download_rows) + 120 * MB

    def risk(self) -> Risk | None:
        return self.folder_risk

    def under_way(self) -> tuple[DownloadRow, ...]:
        return tuple(row for row in self.download_rows if row.state not in {"done", "none"})

    def certificate_count(self) -> int:
        return len(self.certificate_rows.certificates)

    def has_courses(self) -> bool:
        return self.catalog().total > 0

    def accounts(self) -> tuple[AccountRow, ...]:
        return self.account_rows

    def has_learners(self) -> bool:
        return any(not row.learner.is_guest for row in self.account_rows)


class SampleShelf:
    """A shelf that keeps what it is given in memory."""

    def __init__(self, views: SampleViews | None = None, place: Place | None = HILLSIDE) -> None:
        self.views = views or SampleViews()
        self.place = place
        self.recorded: list[object] = []
        self._listeners: list[Callable[[frozenset[Topic]], None]] = []

    @property
    def public_key_bytes(self) -> bytes:
        return b""

    @property
    def learner(self) -> Learner:
        return self.views.who

    def blob(self, sha256: str) -> bytes | None:
        return None

    def record(self, command: object) -> str:
        self.recorded.append(command)
        return "c-new"

    def subscribe(self, listener: Callable[[frozenset[Topic]], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, *topics: Topic) -> None:
        for listener in list(self._listeners):
            listener(frozenset(topics))


def ended(result: object) -> Future:
    future: Future = Future()
    future.set_result(result)
    return future


def failed(failure: Failure) -> Future:
    future: Future = Future()
    future.set_exception(ActionFailed(failure))
    return future


class SampleActions:
    """Answers at once; remembers what was asked."""

    def __init__(self, shelf: SampleShelf | None = None, failure: Failure | None = None) -> None:
        self.shelf = shelf or SampleShelf()
        self.failure = failure
        self.known: tuple[AccountRow, ...] = ()
        self.asked: list[tuple] = []

    def _answer(self, name: str, result: object, *given: object) -> Future:
        self.asked.append((name, *given))
        return failed(self.failure) if self.failure else ended(result)

    def accounts(self) -> tuple[AccountRow, ...]:
        return self.known

    def look_up(self, url: str) -> Future:
        return self._answer("look_up", ServerFacts(url, "Hillside Library", registration_is_open=True), url)

    def sign_in(self, url: str, email: str, password: str) -> Future:
        return self._answer("sign_in", self.shelf, url, email, password)

    def create_account(self, url: str, name: str, email: str, password: str) -> Future:
        return self._answer("create_account", self.shelf, url, name, email, password)

    def browse_as_guest(self, url: str) -> Future:
        return self._answer("browse_as_guest", self.shelf, url)

    def look_around(self) -> Future:
        return self._answer("look_around", self.shelf)

    def switch_to(self, account: AccountRow) -> Future:
        return self._answer("switch_to", self.shelf, account)

    def sign_out(self) -> Future:
        return self._answer("sign_out", None)

    def put_back(self, shelf: object) -> None:
        self.asked.append(("put_back", shelf))

    def sync_now(self) -> None:
        self.asked.append(("sync_now",))

    def try_again(self, command_id: str) -> None:
        self.asked.append(("try_again", command_id))

    def export_unsent(self, file: Path, command_id: str | None = None) -> Future:
        return self._answer("export_unsent", 3, file, command_id)

    def export_unopened(self, file: Path) -> Future:
        return self._answer("export_unopened", 3, file)

    def download(self, course_uid: str) -> None:
        self.asked.append(("download", course_uid))

    def pause_download(self, course_uid: str) -> None:
        self.asked.append(("pause_download", course_uid))

    def cancel_download(self, course_uid: str) -> None:
        self.asked.append(("cancel_download", course_uid))

    def remove_download(self, course_uid: str) -> None:
        self.asked.append(("remove_download", course_uid))

    def free_bytes(self) -> int:
        return 3_400 * MB
