"""A shelf that is only rows: what a store would read, without one."""

from dataclasses import replace

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageWriter

from lms_desktop.store.errors import Refused
from lms_desktop.store.rows import (
    Attachment,
    Badge,
    BadgeState,
    CatalogPage,
    CertificatesPage,
    CoursePage,
    CourseRow,
    DownloadRow,
    Learner,
    LessonPage,
    LessonRow,
    Place,
    Topic,
)
from lms_desktop.ui.bridge import Bridge
from lms_desktop.ui.page import Context
from lms_desktop.ui.preferences import PreferenceFile
from lms_server.contract.commands import Code, CompleteLesson, Enroll, StartLesson
from lms_server.contract.ids import new_uuid7

COURSE = "0190a5b4-7c1e-7a52-9d4e-000000000001"
SECTIONS = (
    ("Before you help", ("Is it safe?", "Call for help", "Ask before you touch")),
    (
        "Breathing and circulation",
        (
            "Opening the airway",
            "Checking for breathing",
            "Chest compressions",
            "Using a defibrillator",
            "The recovery position",
            "Choking",
        ),
    ),
    ("Bleeding and burns", ("Pressing on a wound", "Burns and scalds")),
)


def uid(number):
    return f"0190a5b4-7c1e-7a52-9d4e-{number:012d}"


def course_row(**changes):
    row = CourseRow(
        uid=COURSE,
        slug="first-aid",
        title="First aid",
        summary="What to do in the first ten minutes, until help arrives.",
        level="beginner",
        language="en",
        direction="ltr",
        cover=None,
        license="CC BY 4.0",
        authors="Hillside Library",
        version="1.0",
        is_open=True,
        is_enrolled=True,
        has_preview=True,
        lessons=11,
        completed=5,
        bytes_total=24_000_000,
        bytes_here=24_000_000,
        certificate=None,
    )
    return replace(row, **changes)


def lesson_rows(sections=SECTIONS, completed=5):
    rows = []
    for section, titles in sections:
        for title in titles:
            number = len(rows) + 1
            rows.append(
                LessonRow(
                    uid=uid(100 + number),
                    title=title,
                    section=section,
                    number=number,
                    minutes=3 + number % 6,
                    is_free_preview=number == 8,
                    is_started=number <= completed,
                    is_completed=number <= completed,
                    is_new_since_certificate=False,
                    is_here=number < 9,
                    is_readable=True,
                )
            )
    return rows


class RowViews:
    """Answers every read from what the test put here."""

    def __init__(self):
        self.course_row = course_row()
        self.rows = lesson_rows()
        self.texts = {}
        self.files = ()
        self.catalog_rows: tuple[CourseRow, ...] = (self.course_row,)
        self.certificate_page = CertificatesPage((), ())
        self.download_rows: tuple[DownloadRow, ...] = ()
        self.searched = []
        self.found = ()
        self.state = BadgeState.SENT

    def course(self, uid):
        if uid != self.course_row.uid:
            return None
        row = replace(self.course_row, completed=sum(row.is_completed for row in self.rows), lessons=len(self.rows))
        open_ones = [row.uid for row in self.rows if not row.is_completed]
        return CoursePage(row, tuple(self.rows), open_ones[0] if open_ones else None)

    def lesson(self, uid):
        place = next((at for at, row in enumerate(self.rows) if row.uid == uid), None)
        if place is None:
            return None
        around = [row.uid for row in self.rows]
        return LessonPage(
            self.course(self.course_row.uid).course,
            tuple(self.rows),
            self.rows[place],
            self.texts.get(uid),
            self.files,
            around[place - 1] if place else None,
            around[place + 1] if place + 1 < len(around) else None,
        )

    def search(self, words):
        return self.found if words else ()

    def has_courses(self):
        return bool(self.catalog_rows)

    def catalog(self, search="", level=None, language=None):
        self.searched.append((search, level, language))
        found = [
            row
            for row in self.catalog_rows
            if search.casefold() in (row.title + row.summary).casefold()
            and level in {None, row.level}
            and language in {None, row.language}
        ]
        return CatalogPage(
            len(self.catalog_rows), tuple(sorted({row.language for row in self.catalog_rows})), tuple(found)
        )

    def certificates(self):
        return self.certificate_page

    def downloads(self) -> tuple[DownloadRow, ...]:
        return self.download_rows

    def room_taken(self):
        return sum(row.bytes_done for row in self.download_rows)

    def risk(self):
        return None

    def badge(self):
        return Badge(self.state, 0, 0, 0, None, None)


class RowShelf:
    """Takes commands as a store does: applied here, then told to the listeners; ``refusing`` is raised instead."""

    def __init__(self, learner=None):
        self.views = RowViews()
        self.learner = learner or Learner(uid(1), "Ana Moreno", "ana@example.org")
        self.place = Place(uid(2), "https://hillside.example", "Hillside Library")
        self.public_key_bytes = b""
        self.blobs = {}
        self.commands = []
        self.listeners = []
        self.refusing = None

    def blob(self, sha256):
        return self.blobs.get(sha256)

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def announce(self, *topics):
        for listener in self.listeners:
            listener(frozenset(topics))

    def record(self, command):
        if self.refusing is not None:
            raise self.refusing
        views = self.views
        if not isinstance(command, Enroll) and not views.course_row.is_enrolled:
            raise Refused(Code.NOT_ENROLLED)
        self.commands.append(command)
        match command:
            case Enroll():
                views.course_row = replace(views.course_row, is_enrolled=True)
            case CompleteLesson():
                self._mark(command.lesson, is_started=True, is_completed=True)
            case StartLesson():
                self._mark(command.lesson, is_started=True)
        self.announce(Topic.PROGRESS, Topic.ENROLLMENTS, Topic.OUTBOX)
        return command.id

    def _mark(self, lesson, **changes):
        self.views.rows = [replace(row, **changes) if row.uid == lesson else row for row in self.views.rows]

    def kinds(self):
        return [type(command).__name__ for command in self.commands]


class Recorder:
    """Stands for the navigator and the actions: remembers what was asked of it."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        def ask(*arguments):
            self.asked.append((name, *arguments))
            return 10**10

        return ask


def attachment(path, data, kind, shelf=None):
    """A file of the lesson, its bytes on the shelf if one is given."""
    sha = f"{len(path):064d}"[:50] + new_uuid7().replace("-", "")[-14:]
    if shelf is not None:
        shelf.blobs[sha] = data
    return Attachment(path, sha, len(data), kind, shelf is not None)


def context_for(shelf, folder):
    """What a page is given, with recorders for what it asks of others."""
    return Context(shelf, Recorder(), Recorder(), Bridge(shelf), PreferenceFile(folder / "window.ini"))


def png(width=1200, height=400):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFFF3EEE4)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
