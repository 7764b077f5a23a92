"""What every page is given and does: read once, show it, and read again when its topics changed."""

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QElapsedTimer, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import Actions, Navigator, Shelf
from lms_desktop.ui.bridge import Bridge
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.widgets.card import Content, Scroll, column

NARROW = 1180 - 216
READ_EVERY_MS = 250


@dataclass(frozen=True, slots=True)
class Context:
    """All that a page may reach."""

    shelf: Shelf
    actions: Actions
    navigator: Navigator
    bridge: Bridge
    preferences: PreferenceFile


class Page(QWidget):
    """A page of the window. Subclasses name their topics, build in ``__init__`` and fill in ``refresh``.

    A hidden page only remembers that it is stale and reads when it is shown.
    """

    topics: ClassVar[frozenset[Topic]] = frozenset()
    was_read = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._is_stale = True
        # A download tells of every chunk: the first news is shown at once, those behind it together.
        self._since = QElapsedTimer()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._read_if_stale)
        context.bridge.changed.connect(self._hear)

    def refresh(self) -> None:
        """Read the store and show it."""

    def open(self, argument: str | None) -> None:
        """Turn to the course, lesson or certificate that the window was asked for; called before it is shown."""

    def prepare(self) -> None:
        """Read before it is shown: what is read while it is shown is laid out only behind a first, broken frame."""
        if self._is_stale:
            self._read()

    def home(self) -> str | None:
        """Tell which of the sidebar's pages this one belongs to; null for the one that was open last."""
        return None

    def focus_search(self) -> bool:
        """Put the cursor into the page's search field; false if it has none."""
        return False

    def minimumSizeHint(self) -> QSize:
        return QSize(480, 320)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read()

    def reload(self) -> None:
        """Read again: now if the page is seen, else when it is."""
        self._is_stale = True
        if self.isVisible():
            self._read()

    def _hear(self, topics: frozenset[Topic]) -> None:
        if not topics & self.topics:
            return
        self._is_stale = True
        if not self.isVisible() or self._pause.isActive():
            return
        waited_ms = self._since.elapsed() if self._since.isValid() else READ_EVERY_MS
        if waited_ms >= READ_EVERY_MS:
            self._read()
        else:
            self._pause.start(READ_EVERY_MS - waited_ms)

    def _read_if_stale(self) -> None:
        if self._is_stale and self.isVisible():
            self._read()

    def _read(self) -> None:
        self._is_stale = False
        self.refresh()
        self._since.start()
        self.was_read.emit()


class ScrolledPage(Page):
    """A page whose content scrolls, with the page's margins: 40 and 28, or 24 and 20 when narrow. Add to ``body``."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.content = Content()
        self.body: QVBoxLayout = column(self.content)
        self.area = Scroll(self.content)
        column(self).addWidget(self.area)
        self._set_margins()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_margins()

    @property
    def is_narrow(self) -> bool:
        return self.width() < NARROW

    def _set_margins(self) -> None:
        side, top = (24, 20) if self.is_narrow else (40, 28)
        self.body.setContentsMargins(side, top, side, top)
