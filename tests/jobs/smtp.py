"""A real mail server on loopback that follows a script."""

import socket
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Script:
    """What to do at each step: a reply, or "drop". ``mails`` are those whose final dot arrived and wasn't refused."""

    at: dict[str, str] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 # aiosmtpd's name
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 # aiosmtpd's name
        envelope.mail_from = address
        return self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 # aiosmtpd's name
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT", server, "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 # aiosmtpd's name
        reply = self._answer("DATA", server, "250 taken")
        if not reply.startswith(("4", "5")) or self.at.get("DATA") == "drop":
            self.mails.append(envelope.original_content)
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return reply

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802 # aiosmtpd's name
        return self._answer("QUIT", server, "221 Bye")

    def _answer(self, step, server, usual):
        wanted = self.at.get(step, usual)
        if wanted == "drop":
            server.transport.abort()
            return "421 gone"
        return wanted


class ScriptedServer(Controller):
    """Started with ``start()``; ``url`` is its address."""

    def __init__(self, script: Script, **options) -> None:
        super().__init__(script, hostname="127.0.0.1", port=free_port())
        self.script = script
        self.options = {"enable_SMTPUTF8": True} | options

    def factory(self):
        return SMTP(self.handler, hostname="mail.example", **self.options)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"
