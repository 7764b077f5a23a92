"""Windows over the sample shelf, for tests."""

from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from lms_desktop.ui.appearance import dress
from lms_desktop.ui.compose import build_window
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.theme import application
from lms_desktop.ui.window import MainWindow, Route
from tests.ui.samples import SampleActions, SampleShelf

ARGUMENTS = {"course": "18", "lesson": "l-6"}


def settle() -> None:
    """Let layouts come to rest and let go of what was thrown away."""
    for _turn in range(4):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@contextmanager
def opened(folder: Path, look: Preferences | None = None, shelf: SampleShelf | None = None, size=(1280, 800), known=()):
    """A window on a shelf (the sample one unless given), with its actions."""
    preferences = PreferenceFile(folder / "window.ini")
    preferences.write(look or Preferences(theme="paper", language="en"))
    actions = SampleActions()
    actions.known = known
    window = build_window(actions, preferences)
    window.resize(*size)
    window.open_shelf(shelf or SampleShelf())
    window.show()
    settle()
    try:
        yield window, actions
    finally:
        window.close()
        window.deleteLater()
        settle()
        # The language and its direction belong to the application, which the next test has too.
        dress(application(), Preferences(theme="paper", language="en"))


def go(window: MainWindow, page: str) -> None:
    window._go(Route(page, ARGUMENTS.get(page)))
    settle()
