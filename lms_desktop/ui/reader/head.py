"""The line above a lesson: the way back, the section, search, text size, contents."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QWidget

from lms_desktop.ui.preferences import SCALES, PreferenceFile
from lms_desktop.ui.texts import percent, tr
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import line
from lms_desktop.ui.widgets.text import ElidedText

# A longer title would push the section out of the line.
LONGEST = 40
# A stroke, a number and three letters of a section.
LEAST = 8


class Header(QFrame):
    """Tells where the lesson is in its course."""

    wants_course = Signal()
    wants_search = Signal()
    wants_size = Signal()
    wants_contents = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "background")
        self._course = Button("", "arrow-start", Kind.QUIET, on_click=self.wants_course.emit)
        self._course.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._section = ElidedText("", "muted", least=LEAST)
        self.search = Button(tr("Find in this lesson"), "search", Kind.ICON, on_click=self.wants_search.emit)
        self.text_size = Button(tr("Text size"), "text-size", Kind.ICON, on_click=self.wants_size.emit)
        self.contents = Button(tr("Contents"), "list", Kind.QUIET, on_click=self.wants_contents.emit)
        row = line(self, 6)
        row.setContentsMargins(20, 7, 12, 8)
        row.addWidget(self._course)
        row.addWidget(self._section, 1)
        for button in (self.search, self.text_size, self.contents):
            row.addWidget(button)
        self.contents.hide()

    def show_place(self, course: str, section: str) -> None:
        self._course.set_text(course if len(course) <= LONGEST else course[: LONGEST - 1] + "…")
        self._course.setToolTip(course)
        # The section begins with the mark of its direction, which has to stand before the stroke too.
        self._section.set_text(f"{section[:1]}/\u2002{section[1:]}" if section else "")


def choose_text_size(button: QWidget, preferences: PreferenceFile, changed: Callable[[], None]) -> None:
    """Offer the lesson text's own sizes, on top of the window's."""
    menu = QMenu(button)
    now = preferences.read().reading_scale
    for scale in SCALES:
        action = menu.addAction(percent(scale))
        action.setCheckable(True)
        action.setChecked(abs(scale - now) < 0.01)
        action.triggered.connect(lambda _on=False, scale=scale: _keep(preferences, scale, changed))
    menu.exec(button.mapToGlobal(button.rect().bottomLeft()))
    menu.deleteLater()


def _keep(preferences: PreferenceFile, scale: float, changed: Callable[[], None]) -> None:
    preferences.write(replace(preferences.read(), reading_scale=scale))
    changed()
