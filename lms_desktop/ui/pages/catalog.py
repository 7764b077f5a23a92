"""The catalog: search as you type, filters, and one row a course."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QWidget

from lms_desktop.store.rows import BadgeState, CourseRow, Found, Topic
from lms_desktop.store.rows import CatalogPage as Row
from lms_desktop.ui import saving
from lms_desktop.ui.page import NARROW, Context, Page
from lms_desktop.ui.pages.catalog_list import CourseList, Entry
from lms_desktop.ui.pages.found import FoundLessons
from lms_desktop.ui.texts import LANGUAGES, language_name, level_name, tr, tr_n
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind, stop_at_chosen
from lms_desktop.ui.widgets.card import clear, column, line
from lms_desktop.ui.widgets.cover import CoverArt, art
from lms_desktop.ui.widgets.field import SearchField
from lms_desktop.ui.widgets.flow import Flow
from lms_desktop.ui.widgets.text import Text

LEVELS = ("beginner", "intermediate", "advanced")


class CatalogPage(Page):
    """All courses that may be taken."""

    topics: ClassVar[frozenset[Topic]] = frozenset(
        {Topic.CATALOG, Topic.ENROLLMENTS, Topic.DOWNLOADS, Topic.ACCOUNT, Topic.SYNC}
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._covers: dict[tuple[str, str | None], CoverArt] = {}
        self._count = Text("", "muted", wrap=False, place="end")
        self._search = SearchField(tr("Search titles, summaries and lessons"))
        self._filters = QWidget()
        self._flow = Flow(self._filters)
        # Parts the two choices where they share a line.
        self._between = QWidget()
        self._between.setFixedSize(4, 1)
        self._levels = Choice(tr("Level"), self._filters)
        self._languages = Choice(tr("Language"), self._filters)
        self._list = CourseList()
        self._empty = QWidget()
        self._empty_body = column(self._empty)
        self._notice = column(None, 0)
        self._stack = QStackedWidget()
        self._found = FoundLessons()
        self._top = column(None, 12)
        self._build()

    def open(self, argument: str | None) -> None:
        """Search for a text, where one is given."""
        if argument is not None and argument != self._search.text():
            self._search.setText(argument)
        self.reload()

    def focus_search(self) -> bool:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()
        return True

    def refresh(self) -> None:
        text = self._search.text().strip()
        row = self.context.shelf.views.catalog(text, self._levels.chosen, self._languages.chosen)
        self._offer_filters(row.languages)
        self._count.setText(_count(row))
        found = self._lessons(text)
        self._found.show_found(found)
        self._stack.setVisible(bool(row.courses) or not found)
        is_offline = self.context.shelf.views.badge().state is BadgeState.OFFLINE
        self._list.fill([Entry(course, self._cover(course), is_offline) for course in row.courses])
        if row.courses:
            self._stack.setCurrentWidget(self._list)
        else:
            self._say_empty(row.total, text)

    def _lessons(self, text: str) -> tuple[Found, ...]:
        """Lessons with these words, in courses that the filters let through."""
        level, language = self._levels.chosen, self._languages.chosen
        found = self.context.shelf.views.search(text)
        if not found or (level is None and language is None):
            return found
        fitting = {course.uid for course in self.context.shelf.views.catalog("", level, language).courses}
        return tuple(lesson for lesson in found if lesson.course_uid in fitting)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW
        side, top = (24, 20) if is_narrow else (40, 28)
        self._top.setContentsMargins(side, top, side, 16)
        self._list.set_margin(side)
        self._found.set_margin(side)

    def _build(self) -> None:
        head = line(None, 16)
        head.addWidget(Text(tr("Catalog"), "title"), 1)
        head.addWidget(self._count)
        self._top.addLayout(head)
        self._top.addWidget(self._search)
        self._top.addWidget(self._filters)
        self._top.addLayout(self._notice)
        body = column(self)
        body.addLayout(self._top)
        body.addWidget(self._stack, 1)
        body.addWidget(self._found)
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._empty)
        self._search.searched.connect(lambda _text: self.reload())
        self._levels.changed(self.reload)
        self._languages.changed(self.reload)
        self._found.chosen.connect(self.context.navigator.show_lesson)
        self._list.opened.connect(self.context.navigator.show_course)
        self._list.enroll_wanted.connect(self._enroll)

    def _offer_filters(self, languages: Sequence[str]) -> None:
        is_new = self._levels.offer([(level, level_name(level)) for level in LEVELS])
        is_new |= self._languages.offer([(code, LANGUAGES.get(code) or language_name(code)) for code in languages])
        if not is_new:
            return
        while (item := self._flow.takeAt(0)) is not None:
            if (part := item.widget()) is not None:
                part.hide()
        for part in (*self._levels.parts(), self._between, *self._languages.parts()):
            self._flow.addWidget(part)
            part.show()
        self._filters.updateGeometry()
        self._order_tab()

    def _order_tab(self) -> None:
        """Chips are made when their values are known, but come before the list."""
        stops = [self._search, *self._levels.chips(), *self._languages.chips(), self._list]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _cover(self, course: CourseRow) -> CoverArt:
        key = (course.uid, course.cover)
        if key not in self._covers:
            picture = self.context.shelf.blob(course.cover) if course.cover else None
            made = art(course, picture)
            if course.cover and picture is None:
                # Its picture is still to come.
                return made
            self._covers[key] = made
        return self._covers[key]

    def _enroll(self, uid: str) -> None:
        if self.context.shelf.learner.is_guest:
            self.context.navigator.show_sign_in(lambda shelf: saving.enroll_quietly(shelf, uid))
            return
        trouble = saving.enroll(self.context.shelf, uid)
        clear(self._notice)
        if trouble is None:
            self.context.navigator.show_course(uid)
        else:
            self._notice.addWidget(Banner("danger", tr("Not saved"), trouble))

    def _say_empty(self, total: int, text: str) -> None:
        clear(self._empty_body)
        if total == 0:
            button = Button(tr("Sync now"), "sync", on_click=self.context.actions.sync_now)
            sentence = tr("They come with the next sync.")
            self._empty_body.addWidget(EmptyState("grid-search", tr("No courses here yet"), sentence, button))
        else:
            title = tr("Nothing found for “{words}”", words=text) if text else tr("No course fits these filters")
            button = Button(tr("Show all courses"), "grid-search", on_click=self._show_all)
            sentence = tr("Try fewer letters, or another level or language.")
            self._empty_body.addWidget(EmptyState("search", title, sentence, button))
        self._stack.setCurrentWidget(self._empty)

    def _show_all(self) -> None:
        self._search.clear()
        self._levels.choose(None)
        self._languages.choose(None)
        self.reload()


class Choice(QButtonGroup):
    """A name and chips of which one is chosen; the first one means all."""

    def __init__(self, name: str, owner: QWidget) -> None:
        super().__init__(owner)
        self._name = name
        self._label = Text(name, "muted", wrap=False)
        self._chips: dict[str | None, Button] = {}
        self._offered: list[tuple[str | None, str]] = []
        self._heard: Callable[[], None] = lambda: None

    @property
    def chosen(self) -> str | None:
        return next((value for value, chip in self._chips.items() if chip.isChecked()), None)

    def changed(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def offer(self, choices: Sequence[tuple[str, str]]) -> bool:
        """Make chips for these values, the chosen one kept; false if they are there already."""
        offered: list[tuple[str | None, str]] = [(None, tr("All")), *choices]
        if offered == self._offered:
            return False
        before = self.chosen
        self._offered = offered
        for chip in self._chips.values():
            self.removeButton(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = {value: self._chip(words) for value, words in offered}
        self.choose(before if before in self._chips else None)
        return True

    def parts(self) -> list[QWidget]:
        """Tell what the flow shows of this: nothing where there is nothing to choose."""
        return [self._label, *self._chips.values()] if len(self._chips) > 2 else []

    def chips(self) -> list[Button]:
        return [part for part in self.parts() if isinstance(part, Button)]

    def choose(self, value: str | None) -> None:
        self._chips[value].setChecked(True)
        stop_at_chosen(self)

    def _chip(self, words: str) -> Button:
        chip = Button(words, kind=Kind.CHIP, on_click=self._tell)
        chip.setAccessibleName(f"{self._name}: {words}")
        chip.toggled.connect(lambda _on: chip.updateGeometry())
        self.addButton(chip)
        return chip

    def _tell(self) -> None:
        self._heard()


def _count(row: Row) -> str:
    if len(row.courses) == row.total:
        return tr_n("{n} course", "{n} courses", row.total)
    return tr_n("{found} of {n} course", "{found} of {n} courses", row.total, found=len(row.courses))
