"""The keys of the window, as F1 lists them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from lms_desktop.ui.texts import tr


def key_facts() -> list[tuple[str, str]]:
    """Every key and what it does, for F1."""
    is_mirrored = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
    return [
        ("Ctrl+K", tr("Search")),
        ("Ctrl+1 … Ctrl+5", tr("Learn, Catalog, Downloads, Certificates, Sync")),
        ("Ctrl+Enter", tr("Complete the lesson and go on")),
        ("Alt+→ / Alt+←" if is_mirrored else "Alt+← / Alt+→", tr("Previous and next lesson")),
        ("Ctrl+F", tr("Find in this lesson")),
        ("Ctrl+L", tr("Ask who is learning")),
        ("F5", tr("Sync now")),
        ("Ctrl++ / Ctrl+- / Ctrl+0", tr("Larger, smaller, usual text")),
        ("F1", tr("This list")),
    ]
