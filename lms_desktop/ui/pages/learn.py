"""Learn: where to go on, and the learner's courses."""

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QWidget

from lms_desktop.store.drive import Risk
from lms_desktop.store.rows import CourseRow, DownloadRow, Topic
from lms_desktop.store.rows import LearnPage as LearnRows
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.pages.folder_risk import mark_of, warning
from lms_desktop.ui.pages.nothing_yet import empty_card
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, clear, column, line
from lms_desktop.ui.widgets.course import ContinueCard, CourseCard
from lms_desktop.ui.widgets.cover import CoverArt, art
from lms_desktop.ui.widgets.field import SearchField
from lms_desktop.ui.widgets.text import Text

TWO_COLUMNS = 720
# Where title and search stand beside each other.
BESIDE = 560
# The risk of the folder that the learner has read of.
NOTED = "folder_risk"


class LearnPage(ScrolledPage):
    """The first page: one thing to go on with, then everything else."""

    topics: ClassVar = frozenset(
        {Topic.ACCOUNT, Topic.CATALOG, Topic.ENROLLMENTS, Topic.PROGRESS, Topic.CERTIFICATES, Topic.DOWNLOADS}
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._title = Text("", "title")
        self._search = SearchField(tr("Search lessons and courses"))
        self._search.setMaximumWidth(look().px(320))
        self._search.searched.connect(self._look_for)
        self._warned = column(None)
        self._risk: Risk | None = None
        self._shown = column(None)
        self._rows: tuple[LearnRows, bool, dict[str, DownloadRow]] | None = None
        self._cards: list[CourseCard] = []
        self._grid: QGridLayout | None = None
        self._head = line(None, 16)
        self._head.addWidget(self._title, 1)
        self._head.addWidget(self._search, 1)
        self.body.addLayout(self._head)
        self.body.addSpacing(20)
        self.body.addLayout(self._warned)
        self.body.addLayout(self._shown)
        self.body.addStretch(1)

    def refresh(self) -> None:
        self._warn(self.context.shelf.views.risk())
        rows = self.context.shelf.views.learn()
        downloads = {row.course.uid: row for row in self.context.shelf.views.under_way()}
        shown = (rows, bool(rows.courses) or self.context.shelf.views.has_courses(), downloads)
        if self._rows == shown:
            return
        before, self._rows = self._rows, shown
        if before is not None and before[:2] == shown[:2]:
            self._show_downloads(downloads)
            return
        name = rows.learner.first_name
        self._title.setText(tr("Welcome") if rows.learner.is_guest else tr("Welcome back, {name}", name=name))
        self._title.setAccessibleName(self._title.text())
        clear(self._shown)
        self._cards, self._grid = [], None
        if rows.next is not None:
            card = ContinueCard(rows.next, self._cover(rows.next.course))
            card.opened.connect(self.context.navigator.show_lesson)
            self._shown.addWidget(card)
            self._shown.addSpacing(28)
        self._shown.addWidget(self._courses(rows, downloads))

    def focus_search(self) -> bool:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_cards()

    def _warn(self, risk: Risk | None) -> None:
        """Of a folder that may harm the profile, until it is read; the Downloads page goes on saying it."""
        if risk == self._risk:
            return
        self._risk = risk
        clear(self._warned)
        if risk is not None and self.context.preferences.note(NOTED) != mark_of(risk):
            close = Button(tr("Close"), "close", Kind.ICON, on_click=lambda: self._put_aside(risk))
            self._warned.addWidget(warning(risk, (close,)))
            self._warned.addSpacing(20)

    def _put_aside(self, risk: Risk) -> None:
        self.context.preferences.keep_note(NOTED, mark_of(risk))
        clear(self._warned)

    def _courses(self, rows: LearnRows, downloads: dict[str, DownloadRow]) -> QWidget:
        shown = QWidget()
        body = column(shown, 8)
        if not rows.courses:
            body.addWidget(self._empty())
            return shown
        head = line(None, 8)
        head.addWidget(Text(tr("My courses"), "section"), 1)
        head.addWidget(self._find())
        body.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        body.addLayout(self._grid)
        for course in rows.courses:
            card = CourseCard(course, self._cover(course), downloads.get(course.uid))
            card.opened.connect(self.context.navigator.show_course)
            self._cards.append(card)
        self._lay_out_cards()
        return shown

    def _show_downloads(self, downloads: dict[str, DownloadRow]) -> None:
        for card in self._cards:
            card.show_download(downloads.get(card.course.uid))

    def _lay_out_cards(self) -> None:
        margins = self.body.contentsMargins()
        room = self.width() - margins.left() - margins.right()
        is_wide = room >= look().px(BESIDE)
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)
        self._search.setMaximumWidth(look().px(320))
        if self._grid is None:
            return
        columns = 2 if room >= look().px(TWO_COLUMNS) else 1
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // columns, place % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)

    def _empty(self) -> Card:
        sentence = tr("Choose a course in the catalog and it stands here, with what you have done.")
        return empty_card(self.context, "books", tr("Your courses will be here"), sentence)

    def _find(self) -> Button:
        go = self.context.navigator.show_catalog
        return Button(tr("Find a course"), "grid-search", Kind.QUIET, on_click=go).flush()

    def _cover(self, course: CourseRow) -> CoverArt:
        return art(course, self.context.shelf.blob(course.cover) if course.cover else None)

    def _look_for(self, text: str) -> None:
        if text and self.isVisible():
            self._search.clear()
            self.context.navigator.show_catalog(text)
