"""The measures of a lesson's page: type scale, line heights, widths and colours, for one theme and text size."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextBlockFormat, QTextCharFormat, QTextFormat

from lms_desktop.ui.reader.inline import Style
from lms_desktop.ui.tokens import Tokens

LATIN = ("Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari", "Droid Sans Fallback")
# The first family rules the height of every line, so Arabic text needs its own first.
ARABIC = ("Noto Sans Arabic", "Noto Sans", "Noto Sans Devanagari", "Droid Sans Fallback")
MONO = ("Noto Sans Mono", "Noto Sans Arabic", "Droid Sans Fallback")
# 73 characters of English at 16 px; code and tables may grow to the other.
COLUMN_PX = 576
WIDE_PX = 704
# Kept free beside the text when the pane is narrow.
GUTTER_PX = 24
NORMAL = 400
SEMIBOLD = 600


@dataclass(frozen=True, slots=True)
class Face:
    """A step of the type scale: size and line in pixels at 100 %."""

    size: int
    line: int
    weight: int = NORMAL
    arabic_line: int | None = None


TITLE = Face(28, 40, SEMIBOLD, 48)
HEADING = Face(20, 28, SEMIBOLD, 36)
SUBHEADING = Face(16, 26, SEMIBOLD, 30)
MINOR = Face(14, 22, SEMIBOLD, 26)
BODY = Face(16, 26, NORMAL, 30)
SMALL = Face(14, 20, NORMAL, 26)
CELL = Face(14, 21, NORMAL, 26)
CODE = Face(14, 24)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One way to set a lesson; a change of theme, size, direction or width makes another."""

    tokens: Tokens
    scale: float = 1.0
    is_rtl: bool = False
    column: int = COLUMN_PX
    wide: int = WIDE_PX

    @classmethod
    def fitting(cls, tokens: Tokens, scale: float, *, is_rtl: bool, pane_px: int) -> "Sheet":
        """Set for a pane of this width: the column grows with its letters until the pane ends."""
        room = max(160, pane_px - 2 * GUTTER_PX)
        column = min(round(COLUMN_PX * scale), room)
        return cls(tokens, scale, is_rtl, column, max(column, min(round(WIDE_PX * scale), room)))

    @property
    def direction(self) -> Qt.LayoutDirection:
        return Qt.LayoutDirection.RightToLeft if self.is_rtl else Qt.LayoutDirection.LeftToRight

    @property
    def families(self) -> tuple[str, ...]:
        return ARABIC if self.is_rtl else LATIN

    def px(self, measure: float) -> int:
        return round(measure * self.scale)

    def font(self, face: Face, style: Style | None = None) -> QFont:
        """Make the font of a face, for measuring."""
        font = QFont()
        is_code = face is CODE or (style is not None and (style.code or style.key))
        font.setFamilies(list(MONO if is_code else self.families))
        font.setPixelSize(self.px(face.size))
        font.setWeight(QFont.Weight(SEMIBOLD if style and style.bold else face.weight))
        return font

    def letters(self, face: Face, style: Style | None = None, colour: str | None = None) -> QTextCharFormat:
        """Make the format of a stretch of text."""
        style = style or Style()
        letters = QTextCharFormat()
        letters.setFont(self.font(face, style), QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesAll)
        letters.setForeground(QColor(self._colour(style, colour or self.tokens.text)))
        # Slanted Arabic is no Arabic.
        letters.setFontItalic(style.italic and not self.is_rtl)
        letters.setFontStrikeOut(style.struck)
        if style.raised:
            alignment = QTextCharFormat.VerticalAlignment
            letters.setVerticalAlignment(alignment.AlignSuperScript if style.raised > 0 else alignment.AlignSubScript)
        if style.key:
            letters.setBackground(QColor(self.tokens.sunken))
        return letters

    def block(self, face: Face, above: float = 0, below: float = 0) -> QTextBlockFormat:
        """Make the format of a paragraph, gaps in pixels at 100 %."""
        block = QTextBlockFormat()
        block.setLayoutDirection(self.direction)
        block.setAlignment(Qt.AlignmentFlag.AlignLeft)
        block.setTopMargin(self.px(above))
        block.setBottomMargin(self.px(below))
        percent = self.line_percent(face)
        block.setLineHeight(percent, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        return block

    def line_percent(self, face: Face) -> float:
        """Qt multiplies the font's own line, which differs from family to family; the design names pixels."""
        line = face.arabic_line if self.is_rtl and face.arabic_line else face.line
        own = _line_spacing(MONO if face is CODE else self.families, self.px(face.size), face.weight)
        return 100 * self.scale * line / own

    def _colour(self, style: Style, colour: str) -> str:
        inks = {
            "k": self.tokens.accent,
            "s": self.tokens.success,
            "n": self.tokens.attention,
            "c": self.tokens.muted,
        }
        return inks.get(style.tint, colour)


def hairline(height_px: int) -> QTextBlockFormat:
    """Make the format of a block that is a gap and no text: Qt wants a block beside every table."""
    block = QTextBlockFormat()
    block.setLineHeight(max(1, height_px), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    return block


def tiny_letters() -> QTextCharFormat:
    """Make letters that take no room, for blocks that are gaps."""
    letters = QTextCharFormat()
    letters.setProperty(QTextFormat.Property.FontPixelSize, 1)
    return letters


@lru_cache(maxsize=256)
def _line_spacing(families: tuple[str, ...], size_px: int, weight: int) -> float:
    font = QFont()
    font.setFamilies(list(families))
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight(weight))
    return QFontMetricsF(font).lineSpacing()
