"""What is told beside the window: a notice when a certificate came, and an icon in the tray for those who want one."""

from collections.abc import Callable

from PySide6.QtCore import QProcess, QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon, QWidget

from lms_desktop.store.rows import CertificatesPage
from lms_desktop.ui.texts import tr, tr_n

NAME = "LMS Desktop"
# How long an icon that is only there for a notice stays.
NOTICE_MS = 10_000


def has_tray() -> bool:
    """Whether this desktop has a place for an icon."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Notices:
    """Tells things on the desktop, for a window that may be behind others."""

    def __init__(self, window: QWidget, come: Callable[[], None], sync: Callable[[], None]) -> None:
        self._window = window
        self._come = come
        self._sync = sync
        self._tray: QSystemTrayIcon | None = None
        self._held: int | None = None

    def show_tray(self, *, wanted: bool) -> None:
        """Put the icon into the tray, where there is one, or take it away."""
        if wanted and self._tray is None and has_tray():
            self._tray = self._icon()
            self._tray.setContextMenu(self._menu())
            self._tray.show()
        elif not wanted and self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None

    def say(self, words: str) -> None:
        """Let the icon tell how things stand."""
        if self._tray is not None:
            self._tray.setToolTip(words)

    def begin(self) -> None:
        """Another learner's shelf: what lies there already is no news."""
        self._held = None

    def count(self, held: int, read: Callable[[], CertificatesPage]) -> None:
        """Tell of the certificates that came since the last count; they are read only then."""
        before, self._held = self._held, held
        if before is None or held <= before:
            return
        came = sorted(read().certificates, key=lambda row: row.issued_at)[before - held :]
        if len(came) == 1:
            self.tell(tr("Certificate issued"), came[0].course_title)
        else:
            names = ", ".join(row.course_title for row in came)
            self.tell(tr_n("{n} certificate issued", "{n} certificates issued", len(came)), names)

    def tell(self, title: str, text: str) -> None:
        """Show a notice for a while, by the tray's icon or by the desktop; the window itself asks for a look too."""
        QApplication.alert(self._window)
        if self._tray is not None:
            self._tray.showMessage(title, text, self._window.windowIcon())
        elif program := QStandardPaths.findExecutable("notify-send"):
            QProcess.startDetached(program, [f"--app-name={NAME}", "--icon=lms-desktop", "--", title, text])
        elif has_tray():
            self._tell_once(title, text)

    def _tell_once(self, title: str, text: str) -> None:
        passing = self._icon()
        passing.show()
        passing.showMessage(title, text, self._window.windowIcon())
        QTimer.singleShot(NOTICE_MS, passing, passing.deleteLater)

    def _icon(self) -> QSystemTrayIcon:
        made = QSystemTrayIcon(self._window.windowIcon(), self._window)
        made.setToolTip(NAME)
        made.activated.connect(lambda _why: self._come())
        made.messageClicked.connect(self._come)
        return made

    def _menu(self) -> QMenu:
        menu = QMenu(self._window)
        menu.addAction(tr("Open"), self._come)
        menu.addAction(tr("Sync now"), self._sync)
        menu.addSeparator()
        menu.addAction(tr("Close the app"), self._window.close)
        return menu
