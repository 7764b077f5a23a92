"""Run the WSGI callable on a socket: waitress with limits, and an end that loses no answer."""

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask

from lms_server.web.errors import TYPE

log = logging.getLogger(__name__)

# The API takes 2 MiB and an admin's upload a course; larger bodies are cut off before they are stored.
MOST_BODY_BYTES = 64 << 20
_LIMITS: dict[str, Any] = {
    "threads": 8,
    "connection_limit": 800,
    "channel_timeout": 60,
    "cleanup_interval": 10,
    "max_request_body_size": MOST_BODY_BYTES,
    "max_request_header_size": 32 << 10,
    "inbuf_overflow": 1 << 20,
    "outbuf_overflow": 4 << 20,
    # Whoever reads slowly costs a temporary file, not a thread.
    "outbuf_high_watermark": 1 << 30,
    "asyncore_use_poll": True,
    "ident": None,
    "clear_untrusted_proxy_headers": False,
    "expose_tracebacks": False,
}
_FINISH_S = 30
# Desktops' requests are small: two mebibytes at most.
_HURRIED = "/api/"
# How a client that speaks TLS begins. No request in the clear begins with it.
_TLS_HANDSHAKE = b"\x16"
_CODES = {413: "too_large", 431: "too_large", 500: "internal"}


class _Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    def parse_header(self, header_plus: bytes) -> None:
        """Two lengths are two readings of where the next request begins (RFC 9112, 6.1): refused."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding in one request")


class _ErrorTask(ErrorTask):  # type: ignore[misc] # waitress has no types
    """What never reaches the callable is refused in the same form as everything else (RFC 9457)."""

    def execute(self) -> None:
        error = self.request.error
        document = {
            "type": "about:blank",
            "title": error.reason,
            "status": error.code,
            "code": _CODES.get(error.code, "bad_request"),
            "server_id": self.channel.server.server_id,
        }
        body = msgspec.json.encode(document)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    parser_class = _Parser
    error_task_class = _ErrorTask
    last_activity: float
    _begun_at: float | None = None

    def received(self, data: bytes) -> bool:
        """A request has its time as a whole, however steadily it trickles in; an admin's upload as long as it moves."""
        if self.request is None and data.startswith(_TLS_HANDSHAKE):
            # A laptop that was told no scheme tries https first: hanging up lets it go on at once.
            self.will_close = True
            return False
        taken: bool = super().received(data)
        if self.request is None:
            self._begun_at = None
        else:
            self._begun_at = self._begun_at or self.last_activity
            if not self.request.headers_finished or self.request.path.startswith(_HURRIED):
                self.last_activity = self._begun_at
        return taken


class Serving:
    """One listening socket and the loop behind it; ``stop`` may be called from any thread or signal."""

    def __init__(self, app: Callable[..., Any], listener: socket.socket, server_id: str = "") -> None:
        self._sockets: dict[int, Any] = {}
        self._server = create_server(app, map=self._sockets, sockets=[listener], **_LIMITS)
        self._server.channel_class = _Channel
        self._server.server_id = server_id
        self._stopping = threading.Event()
        # Held while the loop's ends are closed, and while somebody rings the bell. A signal may come in between.
        self._closing = threading.RLock()

    def run(self) -> None:
        """Answer requests until ``stop``; then take no new ones and finish those that are here."""
        while not self._stopping.is_set():
            self._turn(timeout_s=1.0)
        self._finish()

    def stop(self) -> None:
        """End ``run`` soon; again is the same."""
        with self._closing:
            if not self._stopping.is_set():
                self._stopping.set()
                self._server.pull_trigger()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT end ``run``; only from the main thread."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)

    def _turn(self, timeout_s: float) -> None:
        wasyncore.loop(timeout=timeout_s, use_poll=True, map=self._sockets, count=1)

    def _finish(self) -> None:
        # Waitress's own shutdown drops answers that a thread has made but the loop hasn't sent.
        wasyncore.dispatcher.close(self._server)
        deadline = time.monotonic() + _FINISH_S
        while self._busy() and time.monotonic() < deadline:
            self._turn(timeout_s=0.05)
        if self._busy():
            log.warning("stopped with requests unfinished after %s s", _FINISH_S)
        self._server.task_dispatcher.shutdown(timeout=1)
        with self._closing:
            wasyncore.close_all(self._sockets)

    def _busy(self) -> bool:
        channels = self._server.active_channels.values()
        return any(channel.requests or channel.total_outbufs_len for channel in list(channels))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 picks a free one. Raises OSError that names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """The address that was asked for, with the port that was found."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
