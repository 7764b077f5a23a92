"""Dresses the application in what the learner chose: language, direction, theme and size of text."""

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from lms_desktop.ui import texts, theme
from lms_desktop.ui.preferences import SCALES, Preferences


def dress(app: QApplication, chosen: Preferences) -> None:
    """Apply all of it; windows that are open follow at once, their words when they are built again."""
    texts.use(chosen.language)
    app.setLayoutDirection(QLocale().textDirection())
    theme.apply(app, theme.Look(theme.tokens_for(chosen.theme), chosen.scale, chosen.has_motion))


def next_scale(scale: float, step: int) -> float:
    """One step larger or smaller on the list of text sizes."""
    near = min(range(len(SCALES)), key=lambda place: abs(SCALES[place] - scale))
    return SCALES[min(len(SCALES) - 1, max(0, near + step))]
