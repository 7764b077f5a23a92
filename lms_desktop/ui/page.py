"""What every page is given and does: read once, show it, and read again when its topics changed."""

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import Actions, Navigator, Shelf
from lms_desktop.ui.bridge import Bridge
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.widgets.card import Content, Scroll, column

NARROW = 1180 - 216


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

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._is_stale = True
        context.bridge.changed.connect(self._hear)

    def refresh(self) -> None:
        """Read the store and show it."""

    def open(self, argument: str | None) -> None:
        """Turn to the course, lesson or certificate that the window was asked for; called before it is shown."""

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
        if topics & self.topics:
            self.reload()

    def _read(self) -> None:
        self._is_stale = False
        self.refresh()


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
