"""What all transfers of one download share: the connection, whether to go on, and how far they are."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lms_desktop.store.files import Blobs
from lms_desktop.sync.client import Client

CHUNK_BYTES = 64 * 1024
CUT = "The connection broke; the download goes on from here."
_RATE_OVER_S = 8.0
_TELL_EVERY_S = 0.2

# Hears (bytes done, bytes in all, bytes a second).
OnProgress = Callable[[int, int, int], None]


class Stopped(Exception):
    """The learner paused or cancelled, or there is something to send first."""


@dataclass
class Progress:
    """Counts what is here and what comes over the line, from several threads."""

    on_progress: OnProgress | None = None
    total: int = 0
    done: int = 0
    # What came over the line, and of that what the last seconds brought: a part that was here already is no speed.
    received: int = 0
    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told_at: float = -1.0

    def begin(self, total: int) -> None:
        """So many bytes are missing."""
        self.total, self.done = total, 0
        self._marks.append((time.monotonic(), self.received))

    def adjust(self, size: int) -> None:
        """So many bytes lie here already, or, when negative, after all don't."""
        with self._lock:
            self.done += size

    def receive(self, size: int) -> None:
        """So many came."""
        with self._lock:
            self.done += size
            self.received += size
            now = time.monotonic()
            is_due = now - self._told_at >= _TELL_EVERY_S
            if is_due:
                self._told_at = now
                self._marks.append((now, self.received))
                while now - self._marks[0][0] > _RATE_OVER_S:
                    self._marks.popleft()
        if is_due:
            self.tell()

    def tell(self) -> None:
        """Say how it stands."""
        if self.on_progress is not None:
            self.on_progress(min(self.done, self.total), self.total, self.rate())

    def rate(self) -> int:
        """Bytes a second over the last few seconds; 0 while nobody can know, as when all of it was here."""
        if not self._marks:
            return 0
        (began, before), (ended, after) = self._marks[0], self._marks[-1]
        return int((after - before) / (ended - began)) if ended > began else 0


@dataclass(frozen=True)
class Line:
    """The way to the server for one download. ``landed`` hears which files are whole and kept."""

    client: Client
    blobs: Blobs
    progress: Progress
    is_wanted: Callable[[], bool]
    landed: Callable[[Sequence[str]], None]
    # Set by the first transfer that fails: those under way may still come to their end, no other begins.
    broken: threading.Event = field(default_factory=threading.Event)

    def check_open(self) -> None:
        """Before a request. Raises Stopped when the line is broken or nobody waits."""
        if self.broken.is_set():
            raise Stopped
        self.check()

    def check(self) -> None:
        """Raises Stopped when nobody waits for more."""
        if not self.is_wanted():
            raise Stopped
