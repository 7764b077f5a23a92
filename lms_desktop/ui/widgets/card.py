"""Cards, rules and the frames of pages."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget


class Card(QFrame):
    """A surface with an edge; kinds: plain, chosen, info, success, attention, danger. Add to ``body``."""

    def __init__(
        self, kind: str = "plain", *, padding: int = 20, spacing: int = 8, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("card", kind)
        self.body = column(self, spacing)
        self.body.setContentsMargins(padding, padding, padding, padding)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def set_kind(self, kind: str) -> None:
        if self.property("card") != kind:
            self.setProperty("card", kind)
            self.style().unpolish(self)
            self.style().polish(self)


class Rule(QFrame):
    """A line of one pixel."""

    def __init__(self, parent: QWidget | None = None, *, upright: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("rule", True)
        if upright:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Content(QWidget):
    """What scrolls: as high as its width makes it, not as high as it would be at its narrowest."""

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class Scroll(QScrollArea):
    """A page's content that scrolls upright only, in a column with the page's margins."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # The usual viewport paints a ground over the page's, and asking for it costs the first frame 10 ms: to
        # tell what it is, Qt's binding makes every kind of widget that there is.
        self.setViewport(QWidget())
        self.setWidget(content)
        content.setAutoFillBackground(False)


def column(owner: QWidget | None = None, spacing: int = 0) -> QVBoxLayout:
    """Parts under each other, without margins."""
    made = QVBoxLayout(owner) if owner is not None else QVBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def line(owner: QWidget | None = None, spacing: int = 0) -> QHBoxLayout:
    """Parts beside each other, without margins."""
    made = QHBoxLayout(owner) if owner is not None else QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            let_go(widget)
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


def let_go(part: QWidget) -> None:
    """Take the focus from what is about to be hidden: Qt would hand it on as if Tab had been pressed, ring and all."""
    focused = QApplication.focusWidget()
    if focused is not None and (focused is part or part.isAncestorOf(focused)):
        focused.clearFocus()
