"""The focus ring: drawn around a control, outside of it, so that nothing moves."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from lms_desktop.ui.theme import tokens
from lms_desktop.ui.widgets.paint import rounded

OUTSIDE = 3
BY_KEY = frozenset(
    {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason}
)


def came_by_keyboard(event: QFocusEvent) -> bool:
    """Whether a part that draws its focus inside should draw it."""
    return event.reason() in BY_KEY


def note_focus(control: QWidget, event: QFocusEvent) -> None:
    """Keep why a control got the focus; those with a ``ring`` call it in ``focusInEvent``."""
    control.setProperty("came_by_key", event.reason() in BY_KEY)


class FocusRings(QObject):
    """Puts a ring beside the control that has the focus, while the keyboard is what moves it.

    A control asks for it with the dynamic property ``ring``, the radius of its own corners. A focus that the
    window itself moves, as when a page opens, is shown if the one before it was.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._is_keyboard = False
        app.focusChanged.connect(self._moved)

    def _moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None:
            return
        if QApplication.mouseButtons() is not Qt.MouseButton.NoButton:
            self._is_keyboard = False
        elif now.property("came_by_key"):
            self._is_keyboard = True
        if self._is_keyboard and now.property("ring") is not None and now.parentWidget() is not None:
            _Ring(now)


class _Ring(QWidget):
    """Lives as long as its control keeps the focus."""

    def __init__(self, control: QWidget) -> None:
        self._control = control
        self._radius = int(control.property("ring"))
        ground = _ground(control)
        super().__init__(ground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        control.destroyed.connect(self.deleteLater)
        # The control moves with what it stands in.
        moved: QWidget | None = control
        while moved is not None and moved is not ground:
            moved.installEventFilter(self)
            moved = moved.parentWidget()
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.FocusOut, QEvent.Type.Hide, QEvent.Type.ParentChange}:
            if watched is self._control or event.type() is not QEvent.Type.FocusOut:
                self.hide()
                self.deleteLater()
        elif event.type() in {QEvent.Type.Move, QEvent.Type.Resize}:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rounded(painter, self.rect(), None, QColor(tokens().focus), self._radius + OUTSIDE, 2)

    def _place(self) -> None:
        if (ground := self.parentWidget()) is not None:
            self.setGeometry(_around(self._control, ground))


def _around(control: QWidget, ground: QWidget) -> QRect:
    place = control.mapTo(ground, QPoint(0, 0))
    return QRect(place, control.size()).adjusted(-OUTSIDE, -OUTSIDE, OUTSIDE, OUTSIDE)


def _ground(control: QWidget) -> QWidget | None:
    """The nearest part around a control that has room for its ring; never beyond what scrolls with it."""
    ground = control.parentWidget()
    while ground is not None and not ground.rect().contains(_around(control, ground)):
        above = ground.parentWidget()
        if above is None or ground.isWindow() or isinstance(above.parentWidget(), QAbstractScrollArea):
            break
        ground = above
    return ground
