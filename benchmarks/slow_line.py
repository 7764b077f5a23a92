"""A thin, long line to a server: a proxy on this machine that delays every byte and lets only so many through."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_PIECE = 4096


@dataclass
class Direction:
    """One way of the line, shared by all connections."""

    bytes_per_s: float
    delay_s: float
    passed: int = 0
    _free_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, size: int) -> float:
        """When these bytes arrive at the other end."""
        with self._lock:
            self.passed += size
            self._free_at = max(time.monotonic(), self._free_at) + size / self.bytes_per_s
            return self._free_at + self.delay_s


@dataclass
class Line:
    """Where the line begins, and what went over it."""

    url: str
    up: Direction
    down: Direction
    connections: int = 0


@contextmanager
def slow_line(url: str, *, round_trip_s: float, bits_per_s: float) -> Iterator[Line]:
    """An address that leads to the server at ``url`` over such a line."""
    host, port = url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    ways = [Direction(bits_per_s / 8, round_trip_s / 2) for _ in range(2)]
    line = Line(f"http://127.0.0.1:{listener.getsockname()[1]}", *ways)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                line.connections += 1
                far = socket.create_connection((host, int(port)))
                # Shaking hands takes a round trip before the first byte may leave.
                _pump(near, far, line.up, time.monotonic() + round_trip_s)
                _pump(far, near, line.down, 0.0)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield line
    finally:
        listener.close()


def _pump(source: socket.socket, target: socket.socket, way: Direction, not_before: float) -> None:
    """Read as fast as the line takes it, and deliver each piece when it has arrived."""
    arriving: list[tuple[float, bytes]] = []
    happened = threading.Condition()

    def read() -> None:
        piece = b"-"
        while piece:
            with suppress(OSError):
                piece = source.recv(_PIECE)
            due = max(way.take(len(piece)), not_before)
            with happened:
                arriving.append((due, piece))
                happened.notify()
            # What the line hasn't taken yet fills no memory.
            time.sleep(max(0.0, due - way.delay_s - time.monotonic()))

    def deliver() -> None:
        while True:
            with happened:
                happened.wait_for(lambda: arriving)
                due, piece = arriving.pop(0)
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(piece)

    for run in (read, deliver):
        threading.Thread(target=run, daemon=True).start()
