"""Fusion, a palette, fonts and one short stylesheet, all made from the token table."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from lms_desktop.ui.sheet import sheet
from lms_desktop.ui.tokens import LAMP, PAPER, Tokens
from resources import path

REGULAR = QFont.Weight.Normal
STRONG = QFont.Weight.DemiBold
SMALLEST_SCALE, LARGEST_SCALE = 0.8, 2.0
FONT_FILES = (
    "NotoSans-Regular.ttf",
    "NotoSans-SemiBold.ttf",
    "NotoSans-Italic.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansArabic-SemiBold.ttf",
    "NotoSansMono-Regular.ttf",
)
_LARGE = 1.25


@dataclass(frozen=True, slots=True)
class Look:
    """What a learner chose to see: colours, size of text, and whether things may move."""

    tokens: Tokens = PAPER
    scale: float = 1.0
    has_motion: bool = True

    @property
    def is_large(self) -> bool:
        """Whether text is so large that parts beside each other need a line each."""
        return self.scale > _LARGE

    def px(self, size: float) -> int:
        """Pixels for a text size, or for a box that follows its text."""
        return round(size * self.scale)


def look() -> Look:
    """The look that is on now; painted widgets ask each time they paint."""
    app = QApplication.instance()
    chosen = app.property("look") if app else None
    return chosen if isinstance(chosen, Look) else Look()


def tokens() -> Tokens:
    """The colours that are on now."""
    return look().tokens


def color(choose: Callable[[Tokens], str]) -> QColor:
    """Pick a colour of the present theme: ``color(lambda t: t.accent)``."""
    return QColor(choose(tokens()))


def tokens_for(theme: str) -> Tokens:
    """The tokens for a setting: ``paper``, ``lamp``, or ``system`` for what the desktop says."""
    if theme == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return LAMP if scheme is Qt.ColorScheme.Dark else PAPER
    return LAMP if theme == "lamp" else PAPER


def apply(app: QApplication, chosen: Look) -> None:
    """Put a look on the whole application; calling it again changes every open window."""
    _load_fonts(app)
    if app.style().name().lower() != "fusion":
        app.setStyle("Fusion")
    app.setProperty("look", chosen)
    app.setPalette(palette(chosen.tokens))
    app.setFont(_base_font(chosen))
    app.setStyleSheet(sheet(chosen.tokens, chosen.px))


def font(size: float, weight: QFont.Weight = REGULAR) -> QFont:
    """The window's font at one of the sizes of the type scale (12, 14, 16, 20, 28) before text size."""
    made = QFont(QApplication.font())
    made.setPixelSize(max(1, look().px(size)))
    made.setWeight(weight)
    return made


def families() -> list[str]:
    """Latin first in a Latin window, Arabic first in an Arabic one: the first one decides the height of lines."""
    arabic_first = QLocale().textDirection() is Qt.LayoutDirection.RightToLeft
    return ["Noto Sans Arabic", "Noto Sans"] if arabic_first else ["Noto Sans", "Noto Sans Arabic"]


def palette(t: Tokens) -> QPalette:
    """Everything that Fusion draws by itself."""
    made = QPalette()
    role = QPalette.ColorRole
    for where, value in (
        (role.Window, t.background), (role.WindowText, t.text), (role.Base, t.raised),
        (role.AlternateBase, t.background),
        (role.Text, t.text), (role.PlaceholderText, t.muted), (role.Button, t.raised), (role.ButtonText, t.text),
        (role.BrightText, t.danger), (role.Highlight, t.accent), (role.HighlightedText, t.accent_text),
        (role.Link, t.accent), (role.LinkVisited, t.accent), (role.ToolTipBase, t.raised), (role.ToolTipText, t.text),
        (role.Light, t.raised), (role.Midlight, t.surface), (role.Mid, t.border), (role.Dark, t.outline),
        (role.Shadow, t.outline), (role.Accent, t.accent),
    ):  # fmt: skip
        made.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(t.muted))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(t.sunken))
    return made


def _base_font(chosen: Look) -> QFont:
    made = QFont()
    made.setFamilies(families())
    made.setPixelSize(chosen.px(14))
    made.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return made


def _load_fonts(app: QApplication) -> None:
    if app.property("fonts_loaded"):
        return
    for name in FONT_FILES:
        QFontDatabase.addApplicationFont(str(path("fonts") / name))
    app.setProperty("fonts_loaded", True)


def application() -> QApplication:
    """The application; the first call makes it."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    app = QApplication(["lms-desktop"])
    app.setApplicationName("LMS Desktop")
    app.setDesktopFileName("lms-desktop")
    return app
