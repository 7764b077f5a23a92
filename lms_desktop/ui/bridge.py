"""The one way off the GUI thread, and from other threads into the window: plain callbacks in, Qt signals out."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import ActionFailed, Failure, Shelf

T = TypeVar("T")


class Bridge(QObject):
    """Tells pages which kinds of thing changed in the store."""

    changed = Signal(object)

    def __init__(self, shelf: Shelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._leave = shelf.subscribe(self._tell)

    def close(self) -> None:
        self._leave()

    def _tell(self, topics: frozenset[Topic]) -> None:
        self.changed.emit(topics)


class _Return(QObject):
    """Carries one finished future to the thread that asked."""

    ended = Signal(object)

    def __init__(self, owner: QObject, done: Callable[[Any], None], failed: Callable[[Failure], None]) -> None:
        super().__init__(owner)
        self._done = done
        self._failed = failed
        self.ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _deliver(self, future: Future[Any]) -> None:
        self.deleteLater()
        try:
            result = future.result()
        except CancelledError:
            return
        except ActionFailed as failure:
            self._failed(failure.failure)
            return
        except Exception:
            # A bug: whoever waits must not wait for ever. The window's last catch tells of it.
            self._failed(Failure.UNEXPECTED)
            raise
        self._done(result)


def on_thread(ask: Callable[..., T], *given: Any) -> Future[T]:
    """Do it on a thread of its own.

    A server that never answers holds up neither the next thing asked nor the program's end.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(ask(*given))
        except BaseException as error:  # noqa: BLE001 - whoever reads the future hears of it
            future.set_exception(error)

    threading.Thread(target=run, name="desk", daemon=True).start()
    return future


def when_done(
    owner: QObject,
    future: Future[T],
    done: Callable[[T], None],
    failed: Callable[[Failure], None],
    lost: Callable[[T], None] | None = None,
) -> Future[T]:
    """Call ``done`` or ``failed`` on the owner's thread, once; never after the owner is gone.

    ``lost`` gets a result that nobody waits for any more, on the thread that made it.
    """
    carrier = _Return(owner, done, failed)

    def tell(ended: Future[T]) -> None:
        try:
            carrier.ended.emit(ended)
        except RuntimeError:
            # The page was closed meanwhile; nobody waits for the answer any more.
            if lost is not None and not ended.cancelled() and ended.exception() is None:
                lost(ended.result())

    future.add_done_callback(tell)
    return future
