"""The head of the Downloads page: what takes room, and everything new at once."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QWidget

from lms_desktop.store.rows import DownloadRow
from lms_desktop.ui.texts import facts, size, tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.card import column, line
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import Text

MIDDLE = Qt.AlignmentFlag.AlignVCenter


class Room(QWidget):
    """What the courses take and what is left, and the one button for all that isn't here yet."""

    def __init__(self, on_fetch: Callable[[Sequence[str]], None]) -> None:
        super().__init__()
        self._missing: tuple[str, ...] = ()
        self._words = Text("", "muted")
        self._short = Text("", "small-attention")
        self._all = Button("", "download", small=True, on_click=lambda: on_fetch(self._missing))
        self._row = line(self, 8)
        head = line(None, 8)
        head.addWidget(IconLabel("laptop", 20, "muted"), 0, Qt.AlignmentFlag.AlignTop)
        words = column(None, 2)
        words.addWidget(self._words)
        words.addWidget(self._short)
        head.addLayout(words, 1)
        self._row.addLayout(head, 1)
        self._row.addWidget(self._all)

    def show_rows(self, rows: Sequence[DownloadRow], taken: int, free: int) -> None:
        """Say it for these courses; ``taken`` is what all learners' courses take on this laptop."""
        mine = sum(row.bytes_done for row in rows)
        others = max(0, taken - mine)
        parts = (
            tr("{size} for my courses", size=size(mine)) if mine else None,
            tr("{size} for other learners' courses", size=size(others)) if others else None,
            tr("{size} free on this laptop", size=size(free)),
        )
        self._words.setText(facts(*parts))
        is_large = look().is_large
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if is_large else QBoxLayout.Direction.LeftToRight)
        self._row.setAlignment(self._all, Qt.AlignmentFlag.AlignLeft if is_large else MIDDLE)
        self._offer([row for row in rows if row.state == "none"], free, says_size=not is_large)

    def _offer(self, rows: Sequence[DownloadRow], free: int, *, says_size: bool) -> None:
        missing = sum(row.bytes_total - row.bytes_done for row in rows)
        is_short = missing > free
        self._missing = tuple(row.course.uid for row in rows)
        self._all.setVisible(bool(rows))
        self._all.set_text(facts(tr("Everything new in my courses"), size(missing) if missing and says_size else None))
        self._all.setEnabled(not is_short)
        self._short.setVisible(bool(rows) and is_short)
        self._short.setText(tr("Not enough room for everything new. Choose some courses, or make room first."))
