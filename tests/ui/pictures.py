"""Writes pictures of every page: ``python -m tests.ui.pictures FOLDER [page …]``; compare them with the design."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtWidgets import QApplication, QWidget

from lms_desktop.ui.appearance import dress
from lms_desktop.ui.compose import PAGES, build_window
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.window import MainWindow, Route
from tests.ui.parts import Parts
from tests.ui.samples import SampleActions, SampleShelf

SIZES = {"": QSize(1280, 800), "-1024x600": QSize(1024, 600)}
LOOKS = {
    "light": Preferences(theme="paper", language="en"),
    "dark": Preferences(theme="lamp", language="en"),
    "es": Preferences(theme="paper", language="es"),
    "ar": Preferences(theme="paper", language="ar"),
    "ar-dark": Preferences(theme="lamp", language="ar"),
    "large": Preferences(theme="paper", language="en", scale=2.0),
}
ARGUMENTS = {"course": "18", "lesson": "l-6"}


def settle(app: QApplication) -> None:
    """Let layouts come to rest."""
    for _turn in range(6):
        app.processEvents()


def window_for(app: QApplication, look: Preferences, file: Path) -> MainWindow:
    preferences = PreferenceFile(file)
    preferences.write(look)
    window = build_window(SampleActions(), preferences)
    settle(app)
    return window


def each_page(
    app: QApplication, look: Preferences, size: QSize, file: Path, show: Callable[[str, QWidget], None], only: set[str]
) -> None:
    """Hand every page at one look and size to ``show``."""
    window = window_for(app, look, file)
    window.resize(size)
    window.open_shelf(None)
    window.show()
    settle(app)
    if not only or "start" in only:
        show("start", window)
    window.open_shelf(SampleShelf())
    for name in PAGES:
        if only and name not in only:
            continue
        window._go(Route(name, ARGUMENTS.get(name)))
        settle(app)
        show(name, window)
    if not only or "parts" in only:
        sheet = Parts()
        sheet.show()
        sheet.focused.setFocus(Qt.FocusReason.TabFocusReason)
        settle(app)
        show("parts", sheet)
        sheet.deleteLater()
    window.close()
    window.deleteLater()
    settle(app)


def _keep(folder: Path, end: str, name: str, shown: QWidget) -> None:
    shown.grab().save(str(folder / f"{name}{end}"))


def main(folder: Path, only: set[str]) -> None:
    app = QApplication([])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for look_name, look in LOOKS.items():
            for suffix, size in SIZES.items():
                each_page(
                    app,
                    look,
                    size,
                    Path(temporary) / "window.ini",
                    partial(_keep, folder, f"-{look_name}{suffix}.png"),
                    only,
                )
    dress(app, Preferences())
    print(f"pictures in {folder}, last language {QLocale().name()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
