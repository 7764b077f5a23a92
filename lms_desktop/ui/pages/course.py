"""The course: its sections and lessons, where to go on, the download."""

from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from lms_desktop.store.rows import CoursePage as Row
from lms_desktop.store.rows import CourseRow, Topic
from lms_desktop.ui import saving
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.pages.course_panels import Ways, download_panel, facts_panel, next_panel
from lms_desktop.ui.pages.course_sections import SectionCard
from lms_desktop.ui.texts import language_name, level_name, tr, tr_n
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import clear, column, line
from lms_desktop.ui.widgets.cover import Cover, art
from lms_desktop.ui.widgets.mark import Mark
from lms_desktop.ui.widgets.text import Text

TOP = Qt.AlignmentFlag.AlignTop
TAB = Qt.FocusPolicy.TabFocus


class CoursePage(ScrolledPage):
    """One course."""

    topics: ClassVar[frozenset[Topic]] = frozenset(
        {Topic.CATALOG, Topic.ENROLLMENTS, Topic.PROGRESS, Topic.DOWNLOADS, Topic.CERTIFICATES, Topic.ACCOUNT}
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._uid: str | None = None
        self._head_of: tuple[CourseRow, bool] | None = None
        self._cards: dict[str, SectionCard] = {}
        self._head = column(None, 0)
        self._notice = column(None, 0)
        self._sections = column(None, 8)
        self._panels = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for layout in (self._panels, self._halves):
            layout.setContentsMargins(0, 0, 0, 0)
        self._build()

    def open(self, argument: str | None) -> None:
        """Turn to a course."""
        if argument != self._uid:
            self._uid = argument
            self._cards.clear()
            clear(self._sections)
            clear(self._notice)
            self.area.verticalScrollBar().setValue(0)
        self.reload()

    def refresh(self) -> None:
        row = self.context.shelf.views.course(self._uid) if self._uid else None
        focused = self._focused_name()
        clear(self._panels)
        if row is None:
            self._show_gone()
            return
        self._show_head(row.course)
        self._show_sections(row)
        self._show_panels(row)
        self._give_focus_back(focused)

    def home(self) -> str | None:
        """Tell which item of the sidebar this belongs to."""
        if self._head_of is None:
            return None
        return "learn" if self._head_of[0].is_enrolled else "catalog"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _build(self) -> None:
        left = QWidget()
        sections = column(left)
        sections.addLayout(self._sections)
        sections.addStretch(1)
        right = QWidget()
        panels = column(right)
        panels.addLayout(self._panels)
        panels.addStretch(1)
        self._left, self._right = left, right
        self.body.addLayout(self._head)
        self.body.addLayout(self._notice)
        self.body.addSpacing(20)
        self.body.addLayout(self._halves)
        self.body.addStretch(1)
        self._panels.setSpacing(16)
        self._halves.addWidget(left, 2)
        self._halves.addWidget(right, 1)

    def _arrange(self) -> None:
        """Put the panels beside the sections, or above them side by side where it is narrow."""
        way = QBoxLayout.Direction
        is_stacked = self.is_narrow or look().is_large
        self._halves.setDirection(way.BottomToTop if is_stacked else way.LeftToRight)
        self._halves.setSpacing(20 if is_stacked else 24)
        is_row = is_stacked and self.content.width() >= look().px(560)
        self._panels.setDirection(way.LeftToRight if is_row else way.TopToBottom)
        self._order_tab(is_stacked=is_stacked)

    def _order_tab(self, *, is_stacked: bool) -> None:
        """Sections open and panels are made anew, but Tab goes through both as they are read."""
        halves = (self._right, self._left) if is_stacked else (self._left, self._right)
        stops = [stop for half in halves for stop in half.findChildren(QWidget) if stop.focusPolicy() & TAB]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _show_head(self, course: CourseRow) -> None:
        picture = self.context.shelf.blob(course.cover) if course.cover else None
        # The cover comes with a download, under the eyes of whoever started it.
        shown = replace(course, completed=0, bytes_here=0, bytes_total=0, certificate=None), picture is not None
        if shown == self._head_of:
            return
        self._head_of = shown
        clear(self._head)
        go = self.context.navigator
        if course.is_enrolled:
            back = Button(tr("Learn"), "arrow-start", Kind.QUIET, small=True, on_click=go.show_learn)
        else:
            back = Button(tr("Catalog"), "arrow-start", Kind.QUIET, small=True, on_click=go.show_catalog)
        back.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._head.addWidget(back.flush())
        self._head.addSpacing(8)
        row = line(None, 24)
        row.addWidget(Cover(art(course, picture), QSize(96, 120), 8), 0, TOP)
        row.addWidget(_title_block(course), 1, TOP)
        self._head.addLayout(row)

    def _show_sections(self, row: Row) -> None:
        here = next((lesson.section for lesson in row.lessons if lesson.uid == row.next_uid), None)
        wanted = {
            f"{place}\u0000{title}": (place, title, lessons) for place, (title, lessons) in enumerate(row.sections, 1)
        }
        if list(wanted) != list(self._cards):
            clear(self._sections)
            self._cards = {key: self._section_card(*parts[:2], len(wanted)) for key, parts in wanted.items()}
            is_short = len(row.lessons) <= 12
            for key, card in self._cards.items():
                self._sections.addWidget(card)
                card.fill(wanted[key][2], None)
                card.open_up(is_open=is_short or wanted[key][1] == here)
        for key, card in self._cards.items():
            card.fill(wanted[key][2], row.next_uid if row.course.is_enrolled else None)
            if not row.course.is_enrolled:
                card.fold.show_done(tr_n("{n} lesson", "{n} lessons", len(wanted[key][2])), is_all=False)

    def _section_card(self, place: int, title: str, count: int) -> SectionCard:
        card = SectionCard(place, title or tr("Lessons"), has_number=count > 1)
        card.chosen.connect(self.context.navigator.show_lesson)
        return card

    def _show_panels(self, row: Row) -> None:
        downloads = {download.course.uid: download for download in self.context.shelf.views.downloads()}
        course = row.course
        ways = Ways(self._enroll, self._sign_in)
        self._panels.addWidget(next_panel(self.context, row, ways), 1, TOP)
        if course.is_enrolled:
            panel = download_panel(self.context.actions, course, downloads.get(course.uid))
            self._panels.addWidget(panel, 1, TOP)
        self._panels.addWidget(facts_panel(course), 1, TOP)
        self._arrange()

    def _enroll(self) -> None:
        if self._uid is None:
            return
        trouble = saving.enroll(self.context.shelf, self._uid)
        clear(self._notice)
        if trouble is not None:
            self._notice.addSpacing(16)
            self._notice.addWidget(Banner("danger", tr("Not saved"), trouble))
        self.reload()

    def _sign_in(self) -> None:
        uid = self._uid
        if uid is not None:
            self.context.navigator.show_sign_in(lambda shelf: saving.enroll_quietly(shelf, uid))

    def _focused_name(self) -> str:
        """Tell which button of the panels has the focus: a download's every step makes them anew."""
        focused = self.focusWidget()
        return focused.accessibleName() if focused is not None and self._right.isAncestorOf(focused) else ""

    def _give_focus_back(self, name: str) -> None:
        for button in self._right.findChildren(Button) if name else ():
            if button.accessibleName() == name and not button.isHidden():
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_gone(self) -> None:
        self._head_of = None
        self._cards.clear()
        clear(self._sections)
        clear(self._head)
        sentence = tr("It was withdrawn, or it isn't for this account. What you have done is kept.")
        button = Button(tr("Find a course"), "grid-search", on_click=self.context.navigator.show_catalog)
        self._head.addWidget(EmptyState("info", tr("This course is not here"), sentence, button))


def _title_block(course: CourseRow) -> QWidget:
    block = QWidget()
    words = column(block, 6)
    words.addWidget(Text(course.title, "title"))
    if course.summary:
        words.addWidget(Text(course.summary, "muted"))
    marks = line(None, 8)
    count = tr_n("{n} lesson", "{n} lessons", course.lessons)
    for mark in (level_name(course.level), language_name(course.language), count):
        marks.addWidget(Mark(mark))
    if not course.is_open:
        marks.addWidget(Mark(tr("Withdrawn"), "attention"))
    marks.addStretch(1)
    words.addLayout(marks)
    return block
