"""Puts the window together."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from lms_desktop.ui.actions import Actions
from lms_desktop.ui.appearance import dress
from lms_desktop.ui.page import Context, Page
from lms_desktop.ui.pages.catalog import CatalogPage
from lms_desktop.ui.pages.certificates import CertificatesPage
from lms_desktop.ui.pages.course import CoursePage
from lms_desktop.ui.pages.downloads import DownloadsPage
from lms_desktop.ui.pages.learn import LearnPage
from lms_desktop.ui.pages.lesson import LessonPage
from lms_desktop.ui.pages.settings import SettingsPage
from lms_desktop.ui.pages.sync import SyncPage
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.theme import application
from lms_desktop.ui.widgets.ring import FocusRings
from lms_desktop.ui.window import MainWindow
from resources import path

PAGES: dict[str, type[Page]] = {
    "learn": LearnPage,
    "catalog": CatalogPage,
    "course": CoursePage,
    "lesson": LessonPage,
    "downloads": DownloadsPage,
    "certificates": CertificatesPage,
    "sync": SyncPage,
    "settings": SettingsPage,
}


def make_application(arguments: list[str]) -> QApplication:
    """Qt's application, before any window."""
    app = QApplication(arguments)
    app.setApplicationName("LMS Desktop")
    app.setDesktopFileName("lms-desktop")
    return app


def make_pages(context: Context) -> Mapping[str, Callable[[], Page]]:
    """Every page of the window by the name that routes use, made when it is first gone to."""
    return {name: partial(page, context) for name, page in PAGES.items()}


def build_window(actions: Actions, preferences: PreferenceFile) -> MainWindow:
    """The window, dressed; give it a shelf with ``open_shelf`` and show it."""
    app: QApplication = application()
    dress(app, preferences.read())
    app.setWindowIcon(QIcon(str(path("lms-desktop.svg"))))
    if app.findChild(FocusRings) is None:
        FocusRings(app)
    return MainWindow(actions, preferences, make_pages)
