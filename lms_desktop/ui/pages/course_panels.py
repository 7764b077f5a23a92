"""The panels beside a course's outline: where to go on, the download, the facts."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from lms_desktop.store.rows import CoursePage as Row
from lms_desktop.store.rows import CourseRow, DownloadRow, LessonRow
from lms_desktop.ui.actions import Actions
from lms_desktop.ui.page import Context
from lms_desktop.ui.texts import left, part_of, percent, size, tr, tr_n
from lms_desktop.ui.widgets.bar import BarState, ProgressBar
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, Rule, line
from lms_desktop.ui.widgets.course import share_done
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import Text

# Below this the download is not begun: the disk needs room for other things too.
SPARE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Ways:
    """What the panels' buttons do."""

    enroll: Callable[[], None]
    sign_in: Callable[[], None]


def next_panel(context: Context, row: Row, ways: Ways) -> Card:
    """Make the panel with the page's one primary button: enroll, continue, or what comes after the end."""
    course = row.course
    if not course.is_enrolled:
        return _enroll_panel(context, row, ways)
    if course.is_finished and row.next_uid is None:
        return _finished_panel(context, row)
    card = Card()
    lesson = next((lesson for lesson in row.lessons if lesson.uid == row.next_uid), None)
    if lesson is not None:
        is_begun = course.completed > 0 or lesson.is_started
        words = tr("Continue: {lesson}") if is_begun else tr("Start: {lesson}")
        card.body.addWidget(Text(words.replace("{lesson}", lesson.title), "heading"))
        card.body.addWidget(Text(_where(lesson), "muted"))
    _add_progress(card, course)
    if lesson is not None:
        button = Button(
            tr("Continue") if course.completed else tr("Start"), "arrow-end", Kind.PRIMARY, icon_at_end=True
        )
        button.clicked.connect(lambda: context.navigator.show_lesson(lesson.uid))
        _add_wide(card, button)
    return card


def download_panel(actions: Actions, course: CourseRow, row: DownloadRow | None) -> Card:
    """Make the panel that tells what of the course is on this laptop, and brings the rest."""
    card = Card()
    state = row.state if row else "done" if course.is_here else "none"
    total = row.bytes_total if row else course.bytes_total
    done = row.bytes_done if row else course.bytes_here
    _add_download_head(card, state)
    if state in {"queued", "running", "paused", "failed"} or 0 < done < total:
        _add_download_progress(card, state, done, total)
    else:
        card.body.addWidget(Text(_all_or_nothing(state, total), "muted"))
    if row is not None:
        _add_download_news(card, row)
    free = actions.free_bytes()
    has_room = free >= total - done + SPARE_BYTES
    _add_download_buttons(card, actions, course, state, has_room=has_room)
    _add_free_room(card, free, is_short=state != "done" and not has_room)
    return card


def facts_panel(course: CourseRow) -> QWidget:
    """List what is known of the course itself."""
    panel = QWidget()
    grid = QGridLayout(panel)
    grid.setContentsMargins(20, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    pairs = (
        (tr("Licence"), course.license),
        (tr("Authors"), course.authors),
        (tr("Version"), course.version),
        (tr("Certificate"), tr("Yes, when all is done")),
    )
    for place, (name, value) in enumerate((name, value) for name, value in pairs if value):
        grid.addWidget(Text(name, "muted", wrap=False), place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Text(value, "body"), place, 1, Qt.AlignmentFlag.AlignTop)
    grid.setColumnStretch(1, 1)
    return panel


def _enroll_panel(context: Context, row: Row, ways: Ways) -> Card:
    card = Card()
    learner = context.shelf.learner
    count = row.course.lessons
    card.body.addWidget(Text(tr_n("{n} lesson, at your own pace", "{n} lessons, at your own pace", count), "heading"))
    card.body.addWidget(Text(tr("Enrolling costs nothing, and works without a network too."), "muted"))
    preview = next((lesson for lesson in row.lessons if lesson.is_free_preview), None)
    if learner.is_guest:
        button = Button(tr("Sign in to enroll"), "person", Kind.PRIMARY, on_click=ways.sign_in)
    else:
        words = tr("Enroll as {name}", name=learner.first_name)
        button = Button(words, "plus", Kind.PRIMARY, on_click=ways.enroll)
    _add_wide(card, button)
    if preview is not None:
        look = Button(tr("Read a free lesson"), "eye", Kind.QUIET)
        look.clicked.connect(lambda: context.navigator.show_lesson(preview.uid))
        _add_wide(card, look)
    return card


def _finished_panel(context: Context, row: Row) -> Card:
    course = row.course
    card = Card("success")
    head = line(None, 8)
    head.addWidget(IconLabel("certificate", 24, "success"), 0, Qt.AlignmentFlag.AlignTop)
    head.addWidget(Text(tr("All lessons done"), "heading"), 1)
    card.body.addLayout(head)
    if course.certificate is None:
        card.body.addWidget(Text(tr("The certificate comes with the next sync."), "body"))
        button = Button(tr("Sync now"), "sync", on_click=context.actions.sync_now)
    else:
        card.body.addWidget(Text(tr("The certificate is issued."), "body"))
        uuid = course.certificate
        button = Button(tr("Show certificate"), "certificate", Kind.PRIMARY)
        button.clicked.connect(lambda: context.navigator.show_certificates(uuid))
    _add_wide(card, button)
    return card


def _where(lesson: LessonRow) -> str:
    if lesson.minutes is None:
        return tr("Lesson {n}", n=lesson.number)
    return tr_n(
        "Lesson {number}, about {n} minute", "Lesson {number}, about {n} minutes", lesson.minutes, number=lesson.number
    )


def _add_progress(card: Card, course: CourseRow) -> None:
    words = tr_n("{done} of {n} lesson", "{done} of {n} lessons", course.lessons, done=course.completed)
    bar = ProgressBar(words)
    bar.show_share(share_done(course), BarState.DONE if course.is_finished else BarState.GOING)
    card.body.addSpacing(4)
    card.body.addWidget(bar)
    card.body.addWidget(Text(words, "small"))


def _add_wide(card: Card, button: Button) -> None:
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    card.body.addSpacing(4)
    card.body.addWidget(button)


def _add_download_head(card: Card, state: str) -> None:
    titles = {
        "queued": tr("Waits for its turn"),
        "running": tr("Downloading for offline"),
        "paused": tr("Download paused"),
        "failed": tr("Download stopped"),
        "done": tr("On this laptop"),
    }
    row = line(None, 8)
    icon, colour = ("laptop", "success") if state == "done" else ("download", "accent")
    row.addWidget(IconLabel(icon, 20, colour), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(Text(titles.get(state, tr("Download for offline")), "heading"), 1)
    card.body.addLayout(row)


def _add_download_progress(card: Card, state: str, done: int, total: int) -> None:
    share = done / total if total else 0.0
    row = line(None, 8)
    row.addWidget(Text(part_of(done, total), "body"), 1)
    row.addWidget(Text(percent(share), "muted", wrap=False, place="end"))
    card.body.addLayout(row)
    bar = ProgressBar(part_of(done, total), thick=True)
    states = {"running": BarState.GOING, "queued": BarState.GOING, "done": BarState.DONE}
    bar.show_share(share, states.get(state, BarState.PAUSED))
    card.body.addWidget(bar)


def _all_or_nothing(state: str, total: int) -> str:
    if state == "done":
        return tr("All of it, {size}. It can be read without a network.", size=size(total))
    return tr("{size}, for reading without a network.", size=size(total)) if total else tr("Size not known yet")


def _add_download_news(card: Card, row: DownloadRow) -> None:
    if row.state == "running" and row.bytes_per_s:
        rest = left((row.bytes_total - row.bytes_done) // row.bytes_per_s)
        card.body.addWidget(Text(tr("{rate} a second, {left}", rate=size(row.bytes_per_s), left=rest), "small"))
    if row.state == "failed":
        card.body.addWidget(Text(_failed(row), "small-danger"))


def _add_download_buttons(card: Card, actions: Actions, course: CourseRow, state: str, *, has_room: bool) -> None:
    uid = course.uid
    cancel = Button(tr("Cancel"), kind=Kind.QUIET, small=True, on_click=lambda: actions.cancel_download(uid))
    offers = {
        "running": (Button(tr("Pause"), "pause", small=True, on_click=lambda: actions.pause_download(uid)), cancel),
        "queued": (Button(tr("Pause"), "pause", small=True, on_click=lambda: actions.pause_download(uid)), cancel),
        "paused": (Button(tr("Resume"), "play", small=True, on_click=lambda: actions.download(uid)), cancel),
        "failed": (Button(tr("Try again"), "retry", small=True, on_click=lambda: actions.download(uid)), cancel),
        "done": (),
    }
    usual = (Button(tr("Download"), "download", small=True, on_click=lambda: actions.download(uid)),)
    buttons = offers.get(state, usual)
    row = line(None, 8)
    for button in buttons:
        button.setAccessibleName(tr("{action}, {course}", action=button.words(), course=course.title))
        row.addWidget(button)
    if buttons and state not in {"running", "queued"}:
        buttons[0].setEnabled(has_room)
    row.addStretch(1)
    card.body.addLayout(row)


def _add_free_room(card: Card, free: int, *, is_short: bool) -> None:
    card.body.addWidget(Rule())
    row = line(None, 6)
    row.addWidget(IconLabel("warning" if is_short else "laptop", 16, "attention" if is_short else "muted"))
    words = tr("{size} free on this laptop", size=size(free))
    if is_short:
        words = tr("Only {size} free on this laptop. Make some room first.", size=size(free))
    row.addWidget(Text(words, "small-attention" if is_short else "small"), 1)
    card.body.addLayout(row)


def _failed(row: DownloadRow) -> str:
    if row.reason == "disk_full":
        return tr("The disk is full. Your work is safe. Free some room and try again.")
    if row.reason == "offline":
        return tr("No network. It goes on from where it stopped.")
    return tr("What is here stays here; try again.")
