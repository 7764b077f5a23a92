"""Lessons that a search found on this laptop, under the courses."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from lms_desktop.store.rows import Found
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import ICON, Button, Kind
from lms_desktop.ui.widgets.card import Card, clear, column, line
from lms_desktop.ui.widgets.paint import GAP
from lms_desktop.ui.widgets.snippet import Snippet
from lms_desktop.ui.widgets.text import Text

_SHOWN = 4


class FoundLessons(QWidget):
    """A few of the best, each a button with the words around what was found; hidden when there are none."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._body = column(self, 8)
        self.hide()

    def show_found(self, found: Sequence[Found]) -> None:
        """Show these in place of what was shown."""
        clear(self._body)
        self.setVisible(bool(found))
        if not found:
            return
        self._body.addWidget(Text(tr("Lessons on this laptop"), "heading"))
        card = Card(padding=12, spacing=4)
        for lesson in found[:_SHOWN]:
            first = line(None)
            first.addWidget(self._button(lesson))
            first.addStretch(1)
            card.body.addLayout(first)
            card.body.addLayout(_around(lesson))
        self._body.addWidget(card)
        # Where no course was found these stand alone, at the top.
        self._body.addStretch(1)

    def set_margin(self, side: int) -> None:
        """Keep the page's margins."""
        self._body.setContentsMargins(side, 0, side, 16 if side > 24 else 8)

    def _button(self, lesson: Found) -> Button:
        uid = lesson.lesson_uid
        words = f"{lesson.lesson_title}  ·  {lesson.course_title}"
        return Button(words, "file", kind=Kind.QUIET, small=True, on_click=lambda: self.chosen.emit(uid))


def _around(lesson: Found) -> QBoxLayout:
    row = line(None)
    # Under the title, which stands behind its icon.
    row.addSpacing(10 + max(ICON, look().px(ICON)) + GAP)
    row.addWidget(Snippet(lesson.snippet), 1)
    return row
