"""Buttons, painted so that icon, gap and colours are right in every state."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.tokens import Tokens
from lms_desktop.ui.widgets.enter import is_enter
from lms_desktop.ui.widgets.paint import GAP, Frame, line_height, rounded, text_width
from lms_desktop.ui.widgets.ring import note_focus

ICON = 20


class Kind(StrEnum):
    """What a button is for; one primary on a page."""

    PRIMARY = "primary"
    PLAIN = "plain"
    QUIET = "quiet"
    DANGER = "danger"
    DONE = "done"
    ICON = "icon"
    CHIP = "chip"


@dataclass(frozen=True, slots=True)
class Colours:
    fill: str | None
    edge: str | None
    ink: str


class Button(QPushButton):
    """A button of one kind; ``icon_at_end`` for arrows that mean onward, ``small`` for 32 instead of 40."""

    def __init__(
        self,
        text: str,
        icon: str | None = None,
        kind: str = Kind.PLAIN,
        *,
        small: bool = False,
        icon_at_end: bool = False,
        on_click: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.kind = Kind(kind)
        self.icon_name = icon
        self.is_small = small
        self.icon_at_end = icon_at_end
        self._is_flush = False
        self.setProperty("ring", 8)
        self.setCheckable(self.kind is Kind.CHIP)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_text(text)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    def set_text(self, text: str) -> None:
        """The words; an icon-only button carries them as its name and tooltip."""
        self.setAccessibleName(text)
        if self.kind is Kind.ICON:
            self.setToolTip(text)
        self.setText(text.replace("&", "&&"))
        self.updateGeometry()

    def flush(self) -> "Button":
        """A quiet button has no edge: put its words in line with what stands above and below."""
        self._is_flush = True
        return self

    def set_icon(self, name: str | None) -> None:
        self.icon_name = name
        self.updateGeometry()
        self.update()

    def set_kind(self, kind: str) -> None:
        """Change what the button is for; its width may be held by ``setMinimumWidth``."""
        self.kind = Kind(kind)
        self.updateGeometry()
        self.update()

    def words(self) -> str:
        return "" if self.kind is Kind.ICON else self.text().replace("&&", "&")

    def sizeHint(self) -> QSize:
        face = self._face()
        height = max(32 if self.is_small or self.kind is Kind.CHIP else 40, line_height(face) + 12)
        if self.kind is Kind.ICON:
            return QSize(height, height)
        return QSize(self._content_width(face) + 2 * self._padding(), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_enter(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = _colours(self, tokens())
        rounded(
            painter,
            self.rect(),
            QColor(colours.fill) if colours.fill else None,
            QColor(colours.edge) if colours.edge else None,
            8,
        )
        self._draw_content(painter, QColor(colours.ink))

    def _draw_content(self, painter: QPainter, ink: QColor) -> None:
        face = self._face()
        width = self._content_width(face)
        height = self.height()
        x = max(self._padding() // 2, (self.width() - width) // 2)
        frame = Frame(self.rect(), self.layoutDirection())
        name = self._shown_icon()
        side = self._icon_side()
        words = self.words()
        words_width = min(text_width(words, face), self.width() - 2 * x - (side + GAP if name else 0))
        if name:
            at = x + words_width + GAP if self.icon_at_end and words else x
            icons.draw(painter, name, frame.rect(at, (height - side) // 2, side, side), ink, self.layoutDirection())
        if words:
            start = x if self.icon_at_end or not name else x + side + GAP
            self._draw_words(painter, words, frame.rect(start, 0, words_width + 2, height), face, ink)

    def _draw_words(self, painter: QPainter, words: str, box: QRect, face: QFont, ink: QColor) -> None:
        # A line that has no room for all of it gives up the end, not both sides of the middle.
        shown = QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, box.width())
        painter.setFont(face)
        painter.setPen(ink)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine), shown)

    def _shown_icon(self) -> str | None:
        if self.kind is Kind.CHIP and self.isChecked():
            return "check"
        return self.icon_name

    def _icon_side(self) -> int:
        return max(ICON, look().px(ICON))

    def _content_width(self, face: QFont) -> int:
        words = text_width(self.words(), face) if self.words() else 0
        name = self._shown_icon()
        gap = GAP if name and words else 0
        return words + gap + (self._icon_side() if name else 0)

    def _padding(self) -> int:
        if self.kind is Kind.ICON:
            return 10
        if self.kind is Kind.QUIET:
            return 4 if self._is_flush else 10
        if self.kind is Kind.CHIP or self.is_small:
            return 12
        return 20 if self.kind is Kind.PRIMARY else 16

    def _face(self) -> QFont:
        strong = self.kind in {Kind.PRIMARY, Kind.QUIET, Kind.DANGER, Kind.DONE} or self.isChecked()
        return font(14, STRONG if strong else REGULAR)


def stop_at_chosen(chips: QButtonGroup) -> None:
    """Let Tab stop at the chip that is chosen; arrows go to the others, and Qt keeps it so from then on."""
    for chip in chips.buttons():
        chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus if chip.isChecked() else Qt.FocusPolicy.ClickFocus)


def _colours(button: Button, t: Tokens) -> Colours:
    if not button.isEnabled():
        return _off(button.kind, t)
    if button.kind is Kind.CHIP and button.isChecked():
        return Colours(t.accent_soft, t.accent, t.on_accent_soft)
    at_rest, hover, pressed = _STATES.get(button.kind, _plain)(t)
    return pressed if button.isDown() else hover if button.underMouse() else at_rest


def _primary(t: Tokens) -> tuple[Colours, Colours, Colours]:
    fills = (t.accent, t.accent_hover, t.accent_pressed)
    at_rest, hover, pressed = (Colours(fill, None, t.accent_text) for fill in fills)
    return at_rest, hover, pressed


def _plain(t: Tokens) -> tuple[Colours, Colours, Colours]:
    fills = (t.raised, t.background, t.sunken)
    at_rest, hover, pressed = (Colours(fill, t.outline, t.text) for fill in fills)
    return at_rest, hover, pressed


def _quiet(t: Tokens) -> tuple[Colours, Colours, Colours]:
    over = Colours(t.accent_soft, None, t.on_accent_soft)
    return Colours(None, None, t.accent), over, over


def _icon(t: Tokens) -> tuple[Colours, Colours, Colours]:
    return Colours(None, None, t.text), Colours(t.border, None, t.text), Colours(t.sunken, None, t.text)


def _same(choose: Callable[[Tokens], Colours]) -> Callable[[Tokens], tuple[Colours, Colours, Colours]]:
    return lambda t: (choose(t), choose(t), choose(t))


_STATES = {
    Kind.PRIMARY: _primary,
    Kind.QUIET: _quiet,
    Kind.ICON: _icon,
    Kind.DANGER: _same(lambda t: Colours(t.danger, None, t.danger_text)),
    Kind.DONE: _same(lambda t: Colours(t.success_soft, t.success, t.success)),
}


def _off(kind: Kind, t: Tokens) -> Colours:
    if kind is Kind.DONE:
        return Colours(t.success_soft, t.success, t.success)
    if kind in {Kind.QUIET, Kind.ICON}:
        return Colours(None, None, t.muted)
    return Colours(t.sunken if kind is Kind.PRIMARY else None, t.border, t.muted)
