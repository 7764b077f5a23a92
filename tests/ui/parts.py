"""Every part of the window in its states, on one sheet."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QWidget

from lms_desktop.store.rows import Badge, BadgeState, DownloadRow
from lms_desktop.ui import icons
from lms_desktop.ui.widgets.badge import SyncBadge, badge_words
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.bar import ProgressBar
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, column, line
from lms_desktop.ui.widgets.course import ContinueCard, CourseCard
from lms_desktop.ui.widgets.cover import art
from lms_desktop.ui.widgets.field import LabeledField, SearchField
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.lessons import LessonList
from lms_desktop.ui.widgets.mark import Mark
from lms_desktop.ui.widgets.sidebar import LearnerButton, PlaceHead, SidebarItem, sidebar_width
from tests.ui.samples import COURSES, LESSONS, MB, RUST, SampleViews, at


class Parts(QWidget):
    """The sheet."""

    def __init__(self) -> None:
        super().__init__()
        body = line(self, 24)
        body.setContentsMargins(24, 24, 24, 24)
        for fill, width in ((_first, 380), (_second, 620), (_sidebar, sidebar_width()), (_third, 520)):
            part = QWidget()
            part.setFixedWidth(width)
            inner = column(part, 16)
            fill(inner)
            inner.addStretch(1)
            body.addWidget(part)
        self.focused = self.findChildren(Button)[0]


def _first(body: QBoxLayout) -> None:
    grid = QGridLayout()
    for row, kind in enumerate(Kind):
        for place, is_on in enumerate((True, False)):
            button = Button("Continue", "arrow-end" if kind is Kind.PRIMARY else "print", kind)
            button.setEnabled(is_on or kind is Kind.CHIP)
            button.setChecked(kind is Kind.CHIP and not is_on)
            grid.addWidget(button, row, place)
    body.addLayout(grid)
    marks = line(None, 8)
    for text, tone, icon in (
        ("Beginner", "neutral", None),
        ("Free preview", "neutral", "eye"),
        ("New", "accent", None),
        ("Draft", "attention", None),
    ):
        marks.addWidget(Mark(text, tone, icon))
    marks.addStretch(1)
    body.addLayout(marks)
    for share, state, words in ((0.36, "going", "5 of 14"), (1, "done", "All done"), (0.64, "paused", "Paused")):
        bar = ProgressBar(words, thick=state == "paused")
        bar.show_share(share, state)
        body.addWidget(bar)
    outline = LessonList(compact=True)
    outline.fill([("Before you help", LESSONS[:3]), ("Breathing and circulation", LESSONS[3:9])], "l-6")
    outline.setFixedSize(272, 420)
    body.addWidget(outline)


def _second(body: QBoxLayout) -> None:
    views = SampleViews()
    body.addWidget(ContinueCard(views.going_on, art(views.going_on.course)))
    for course in COURSES:
        download = DownloadRow(RUST, "running", 118 * MB, 184 * MB, None, None) if course is RUST else None
        body.addWidget(CourseCard(course, art(course), download))
    rows = LessonList(compact=False)
    rows.fill([("", LESSONS[3:9])], "l-6")
    card = Card(padding=5)
    card.body.addWidget(rows)
    body.addWidget(card)


def _sidebar(body: QBoxLayout) -> None:
    frame = QFrame()
    frame.setObjectName("sidebar")
    inner = column(frame, 4)
    inner.setContentsMargins(12, 12, 12, 12)
    head = PlaceHead()
    head.show_place("Hillside Library")
    inner.addWidget(head)
    for name, icon, mark, kind in (
        ("Learn", "book", "", ""),
        ("Downloads", "download", "64 %", "accent"),
        ("Sync", "sync", "1", "attention"),
    ):
        item = SidebarItem(name, icon)
        item.setChecked(not mark)
        item.show_mark(mark, kind or "accent", mark)
        inner.addWidget(item)
    for state in BadgeState:
        badge = SyncBadge()
        badge.show_words(badge_words(Badge(state, 3, 1, 2, at(0, 14, 2), at(0, 14, 20)), at(0, 14, 4)))
        inner.addWidget(badge)
    learner = LearnerButton()
    learner.show_learner("Ana Moreno", "Switch learner")
    inner.addWidget(learner)
    body.addWidget(frame)


def _third(body: QBoxLayout) -> None:
    body.addWidget(SearchField("Search lessons and courses"))
    wrong = LabeledField("Address of the server")
    wrong.edit.setText("hilside.example")
    wrong.set_error("No server answers at this address. Check the spelling.")
    body.addWidget(wrong)
    for state in ("info", "success", "attention", "danger"):
        button = Button("Look", small=True)
        body.addWidget(Banner(state, "1 needs attention", "A lesson was withdrawn. Nothing is lost.", [button]))
    card = Card()
    find = Button("Find a course", "grid-search")
    card.body.addWidget(EmptyState("import", "Nothing downloaded yet", "Open a course and choose “Download”.", find))
    body.addWidget(card)
    grid = QGridLayout()
    for place, name in enumerate(icons.names()):
        grid.addWidget(IconLabel(name, 24), place // 14, place % 14, Qt.AlignmentFlag.AlignCenter)
    body.addLayout(grid)
