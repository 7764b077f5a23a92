"""What screens read: frozen rows, one type a screen. Times are milliseconds since 1970 UTC, sizes are bytes."""

from dataclasses import dataclass
from enum import StrEnum

# Where a command of the outbox stands: to be sent, waiting on the server, or refused there.
PENDING, PARKED, REJECTED = "pending", "parked", "rejected"


class Topic(StrEnum):
    """A kind of thing that a write changed; listeners hear the set of them."""

    ACCOUNT = "account"
    CATALOG = "catalog"
    ENROLLMENTS = "enrollments"
    PROGRESS = "progress"
    CERTIFICATES = "certificates"
    OUTBOX = "outbox"
    SYNC = "sync"
    DOWNLOADS = "downloads"


@dataclass(frozen=True, slots=True)
class Learner:
    """Whose profile this is; a guest has no uid."""

    uid: str | None
    name: str
    email: str

    @property
    def is_guest(self) -> bool:
        return self.uid is None

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.strip() else self.email


@dataclass(frozen=True, slots=True)
class Place:
    """The server that a profile belongs to."""

    server_id: str
    url: str
    name: str


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course in the catalog, on the Learn page, or at the head of its own page."""

    uid: str
    slug: str
    title: str
    summary: str
    level: str
    language: str
    direction: str
    cover: str | None
    license: str
    authors: str
    version: str
    is_open: bool
    is_enrolled: bool
    has_preview: bool
    lessons: int
    completed: int
    bytes_total: int
    bytes_here: int
    # The certificate's uuid once the server has issued it.
    certificate: str | None

    @property
    def is_finished(self) -> bool:
        return self.lessons > 0 and self.completed >= self.lessons

    @property
    def certificate_is_due(self) -> bool:
        """All lessons are done here and the certificate comes with a sync."""
        return self.is_enrolled and self.is_finished and self.certificate is None

    @property
    def is_here(self) -> bool:
        return self.bytes_total > 0 and self.bytes_here >= self.bytes_total


@dataclass(frozen=True, slots=True)
class Continue:
    """Where the learner goes on: the first open lesson of the course touched last."""

    course: CourseRow
    lesson_uid: str
    lesson_title: str
    # 1-based place of the lesson in its course.
    number: int
    minutes: int | None


@dataclass(frozen=True, slots=True)
class LearnPage:
    learner: Learner
    next: Continue | None
    courses: tuple[CourseRow, ...]


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Rows after search and filters; ``total`` counts the whole catalog."""

    total: int
    languages: tuple[str, ...]
    courses: tuple[CourseRow, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A lesson that a search found; ``search.START_MARK`` and ``END_MARK`` stand around the words in the snippet."""

    lesson_uid: str
    lesson_title: str
    course_uid: str
    course_title: str
    snippet: str


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson in an outline."""

    uid: str
    title: str
    section: str
    number: int
    minutes: int | None
    is_free_preview: bool
    is_started: bool
    is_completed: bool
    # Not required when the certificate was issued.
    is_new_since_certificate: bool
    is_here: bool
    # Enrolled, or a free preview.
    is_readable: bool


@dataclass(frozen=True, slots=True)
class CoursePage:
    course: CourseRow
    lessons: tuple[LessonRow, ...]
    # Where "Continue" leads; null when all is done.
    next_uid: str | None

    @property
    def sections(self) -> tuple[tuple[str, tuple[LessonRow, ...]], ...]:
        """Neighbouring lessons of one section, in order."""
        groups: list[tuple[str, list[LessonRow]]] = []
        for lesson in self.lessons:
            if not groups or groups[-1][0] != lesson.section:
                groups.append((lesson.section, []))
            groups[-1][1].append(lesson)
        return tuple((title, tuple(rows)) for title, rows in groups)


@dataclass(frozen=True, slots=True)
class Attachment:
    path: str
    sha256: str
    size: int
    type: str
    is_here: bool

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class LessonPage:
    """A lesson with its course's outline; ``html`` is null while the text isn't on this laptop."""

    course: CourseRow
    lessons: tuple[LessonRow, ...]
    lesson: LessonRow
    html: str | None
    # Everything the text may show, by the path it is named with in ``src``; pictures and files alike.
    attachments: tuple[Attachment, ...]
    previous_uid: str | None
    next_uid: str | None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    uuid: str
    course_uid: str
    course_title: str
    learner_name: str
    cover: str | None
    completed_at: int
    issued_at: int
    payload: str
    # Null until the PDF is on this laptop.
    file: str | None
    course_slug: str = ""


@dataclass(frozen=True, slots=True)
class CertificatesPage:
    certificates: tuple[CertificateRow, ...]
    # Finished here, on its way with the next sync.
    due: tuple[CourseRow, ...]


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command not settled yet, in words a page can make: what, on which lesson or course, when, and why it waits."""

    id: str
    kind: str
    lesson_title: str | None
    course_title: str | None
    course_uid: str | None
    made_at: int
    # The outcome's code for parked and rejected commands.
    code: str | None


@dataclass(frozen=True, slots=True)
class SyncRow:
    """One finished sync: what went up, what came down, how it ended (``ok`` or a Trouble's code)."""

    at: int
    sent: int
    received: int
    outcome: str
    attention: int


@dataclass(frozen=True, slots=True)
class SyncPage:
    attention: tuple[CommandRow, ...]
    pending: tuple[CommandRow, ...]
    pending_total: int
    parked: tuple[CommandRow, ...]
    last_syncs: tuple[SyncRow, ...]
    last_ok_at: int | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class LiveDownload:
    """A course whose files are coming now."""

    course_uid: str
    bytes_done: int
    bytes_total: int
    bytes_per_s: int


@dataclass(frozen=True, slots=True)
class Live:
    """What only the sync thread knows; it leaves it in the store, where screens find it."""

    sending: int = 0
    is_offline: bool = False
    # Wall clock in milliseconds; set while the server is in trouble.
    retry_at: int | None = None
    download: LiveDownload | None = None


class BadgeState(StrEnum):
    """What the sync badge says; the first that is true, in this order."""

    SIGN_IN = "sign_in"
    ATTENTION = "attention"
    TROUBLE = "trouble"
    SENDING = "sending"
    OFFLINE = "offline"
    SAVED = "saved"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Badge:
    state: BadgeState
    pending: int
    attention: int
    # Being sent in the exchange under way.
    sending: int
    last_ok_at: int | None
    # When the next try is due, for TROUBLE.
    retry_at: int | None


@dataclass(frozen=True, slots=True)
class DownloadRow:
    """A course's files: what is here, what is wanted, and how it goes."""

    course: CourseRow
    state: str  # "none", "queued", "running", "paused", "done", "failed"
    bytes_done: int
    bytes_total: int
    bytes_per_s: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A learner who has a profile on this laptop."""

    place: Place
    learner: Learner
    pending: int
    is_current: bool
