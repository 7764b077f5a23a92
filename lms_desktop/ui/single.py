"""One window a profile: whoever starts the app again gets the window that is open already."""

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from lms_desktop.ui.window import MainWindow

ANSWER = b"here"
PATIENCE_MS = 1_000


class FirstWindow(QObject):
    """Waits for later starts of the app on the same folder, and brings the window to the front for them."""

    def __init__(self, window: MainWindow, home: Path) -> None:
        super().__init__(window)
        self._window = window
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._take)
        if not self._server.listen(_name(home)) and not call_first(home):
            # Left behind by an app that was killed: nobody answers there.
            QLocalServer.removeServer(_name(home))
            self._server.listen(_name(home))

    def _take(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            caller.disconnected.connect(caller.deleteLater)
            caller.write(ANSWER)
            caller.flush()
            self._window.come_to_front()


def call_first(home: Path) -> bool:
    """Ask the window that is open on this folder to come; whether one did."""
    caller = QLocalSocket()
    caller.connectToServer(_name(home))
    if not caller.waitForConnected(PATIENCE_MS):
        return False
    return caller.waitForReadyRead(PATIENCE_MS) and bytes(caller.readAll().data()) == ANSWER


def _name(home: Path) -> str:
    return f"lms-desktop-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]}"
