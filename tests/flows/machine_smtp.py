"""The machine's mail server: the product's own way there but for the socket, and a seed that decides how it goes."""

import os
import re
import smtplib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lms_server.actions import certificates as certificate_actions
from lms_server.actions import papers, work
from lms_server.content import blobs
from lms_server.jobs import dispatch
from lms_server.jobs import journal as journals
from lms_server.jobs.mail import Letter, Mail
from lms_server.jobs.transports import Smtp
from tests.flows.machine_mail import Post
from tests.flows.machine_memory import Instead
from tests.flows.machine_world import PEOPLE

_TABLE = {
    "fine": 50,
    "goodbye fails": 3,
    "away": 4,
    "busy": 5,
    "busy at the end": 5,
    "no": 2,
    "no at the end": 2,
    "cut before the dot": 4,
    "taken, answer lost": 5,
    "dot lost": 3,
    "power cut before the dot": 4,
    "power cut after the dot": 7,
    "slow before the dot": 7,
    "slow at the dot": 4,
}
_FATES = list(_TABLE), list(_TABLE.values())
_GONE = "Connection unexpectedly closed"
_DOT = b".\r\n"
_uuid_in = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE).search
_OF_SYSTEM = ("fstat", "open", "close", "O_RDONLY", "SEEK_END")


@dataclass(frozen=True)
class Route(Smtp):
    """The product's way to a mail server, but for the socket."""

    post: Post | None = None

    def _connect(self) -> Any:
        return Connection(self.post)


class Connection:
    """Stands where smtplib has its connection; the seed decides how it goes."""

    sock = None

    def __init__(self, post: Post) -> None:
        self.post = post
        self.fate = "fine" if post.quiet else post.rng.choices(*_FATES)[0]
        self.replies: list[tuple[int, bytes] | None] = []
        self.uuid = self.to = ""
        if self.fate != "fine":
            post.note("  mail:", self.fate)
        if self.fate == "away":
            self.post.put_off_all()
            raise ConnectionRefusedError(111, "Connection refused")

    def mail(self, _sender: str, _options: list[str]) -> tuple[int, bytes]:
        if self.fate == "slow before the dot":
            self.post.overtake()
        return 250, b"ok"

    def rcpt(self, to: str) -> tuple[int, bytes]:
        self.to = to
        code = {"busy": 451, "no": 550}.get(self.fate, 250)
        if code != 250:
            self.post.put_off_all()
        return code, b"words"

    def putcmd(self, _verb: str) -> None:
        self.replies.append((354, b"go ahead"))

    def getreply(self) -> tuple[int, bytes]:
        reply = self.replies.pop()
        if reply is None:
            raise smtplib.SMTPServerDisconnected(_GONE)
        return reply

    def send(self, data: bytes) -> None:
        if data != _DOT:
            self._take(data)
        else:
            self._end()

    def _take(self, data: bytes) -> None:
        """The message, without its dot."""
        self.uuid = _uuid_in(data)[1].decode()
        ledger = self.post.ledger
        ledger.owner[self.uuid] = self.to
        if ledger.frozen.setdefault(self.uuid, data) != data:
            ledger.wrong.append(f"I5: other bytes than at the first attempt: {self.uuid}")
        if ledger.is_journal_gone:
            ledger.wrong.append(f"I5: a mail goes although the journal is gone: {self.uuid}")
        query = "SELECT u.email FROM certificates c JOIN users u ON u.id = c.user_id WHERE c.uuid = ?"
        if self.post.memory.column(query, self.uuid) != [self.to] or self.to not in dict(PEOPLE):
            ledger.wrong.append(f"I5: a mail to {self.to} of a certificate that isn't there: {self.uuid}")
        if self.fate == "cut before the dot":
            ledger.refused.add(self.uuid)
            raise smtplib.SMTPServerDisconnected(_GONE)

    def _end(self) -> None:
        fate, ledger = self.fate, self.post.ledger
        if fate.startswith(("taken", "dot lost", "power", "slow at")):
            ledger.doubted.add(self.uuid)
        if fate == "power cut before the dot":
            self.post.lose_power()
        if fate == "slow at the dot":
            self.post.overtake()
        reply = {"busy at the end": 451, "no at the end": 554}.get(fate, 250)
        if reply != 250:
            ledger.refused.add(self.uuid)
        elif fate != "dot lost":
            ledger.accept(self.uuid)
        if fate == "power cut after the dot":
            self.post.lose_power()
        self.replies.append(None if fate in {"dot lost", "taken, answer lost"} else (reply, b"words"))

    def quit(self) -> None:
        if self.fate == "goodbye fails":
            raise smtplib.SMTPServerDisconnected(_GONE)

    def close(self) -> None:
        pass


def _plain_mail(letter: Letter, at: int) -> Mail:
    """A mail that says what the true one says, and is written a hundred times as fast."""
    head = f"Message-ID: <{letter.certificate}@{letter.server}>\r\nDate: {at}\r\n\r\n"
    words = head.encode() + f"{letter.learner_name} {letter.course_title}".encode() + letter.pdf
    return Mail("school@server.test", letter.to, words)


@contextmanager
def posted(post: Post):
    """The world's post goes through this mail server, papers cost nothing, and jobs go by the world's clock."""
    system = SimpleNamespace(**{name: getattr(os, name) for name in _OF_SYSTEM}, fsync=post.fsync)
    with ExitStack() as stack:
        for target, name, value in (
            (journals, "os", system),
            (work, "transport_of", lambda _url: Route("post.test", 25, post=post)),
            (papers, "render_certificate", lambda payload, *_: payload.encode()),
            (dispatch, "write_mail", _plain_mail),
            (blobs, "sync_files", lambda _files: None),
            (blobs, "sync_folders", lambda _folders: None),
            (certificate_actions, "database_now", lambda _conn: post.server.now()),
        ):
            stack.enter_context(Instead(target, name, value))
        yield
