"""Ways to hand a mail over, each honest about what it knows: accepted, refused, not yet, or nobody can tell."""

import os
import secrets
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from lms_server.contract.durable import sync_folder
from lms_server.jobs.mail import Mail

_STEP_TIMEOUT_S = 60
# After the final dot the server may take its time; giving up early makes doubt (RFC 5321, 4.5.3.2.6).
_VERDICT_TIMEOUT_S = 300
_GO_AHEAD = 354


class DeliveryError(Exception):
    """The mail was not handed over, as far as is known; the text is the reason.

    DeliveryError
    ├── TryAgain: certainly not accepted, another time may do
    ├── Refused: certainly not accepted, and never will be
    └── InDoubt: it may have been accepted
    """


class TryAgain(DeliveryError): ...


class Refused(DeliveryError): ...


class InDoubt(DeliveryError): ...


class Transport(Protocol):
    """``deliver`` calls ``commit`` once, right before the step after which the mail may be out.

    When ``commit`` raises, nothing was sent. ``is_idempotent``: delivering the same mail under the same ``name``
    again changes nothing.
    """

    @property
    def is_idempotent(self) -> bool: ...

    def deliver(self, mail: Mail, name: str, commit: Callable[[], None]) -> None: ...


def transport_of(url: str) -> Transport:
    """The transport that ``LMS_SERVER_MAIL_URL`` names; raises ValueError for another scheme."""
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return Maildir(Path(url.removeprefix("maildir://")))
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return _smtp(parts)
    raise ValueError(f"{parts.scheme}: mail goes to maildir:///DIR, smtp://HOST:PORT or smtps://HOST:PORT")


@dataclass(frozen=True)
class Maildir:
    """A folder of mails. The name is fixed, so a second delivery of the same mail changes nothing."""

    folder: Path
    is_idempotent: bool = True

    def deliver(self, mail: Mail, name: str, commit: Callable[[], None]) -> None:
        """Write, fsync, rename."""
        try:
            for folder in ("tmp", "new", "cur"):
                (self.folder / folder).mkdir(parents=True, exist_ok=True)
            if self._has(name):
                commit()
                return
            temporary = self.folder / "tmp" / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
            _write(temporary, mail.content)
        except OSError as error:
            raise TryAgain(f"the mail folder: {error.strerror}") from error
        commit()
        try:
            temporary.replace(self.folder / "new" / name)
            sync_folder(self.folder / "new")
        except OSError as error:
            raise TryAgain(f"the mail folder: {error.strerror}") from error

    def _has(self, name: str) -> bool:
        # A reader that has seen it moves it to cur and adds flags.
        return (self.folder / "new" / name).exists() or any((self.folder / "cur").glob(f"{name}*"))


@dataclass(frozen=True)
class Smtp:
    """A mail server. Credentials go over TLS only, unless the server is this machine."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    is_idempotent: bool = False

    def deliver(self, mail: Mail, name: str, commit: Callable[[], None]) -> None:
        """Send up to the final dot, ask ``commit``, send the dot, and believe only an answer."""
        del name  # a mail server knows copies by their Message-ID
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise TryAgain(_reason(error)) from error
        try:
            try:
                _envelope(connection, mail)
            except (OSError, smtplib.SMTPException) as error:
                raise TryAgain(_reason(error)) from error
            commit()
            _final_dot(connection)
            # It is accepted; how the goodbye goes no longer matters.
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        finally:
            # Without its dot, what was sent so far is no mail.
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        tls = ssl.create_default_context()
        if self.is_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname="localhost", timeout=_STEP_TIMEOUT_S, context=tls
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, local_hostname="localhost", timeout=_STEP_TIMEOUT_S)
        try:
            self._prepare(connection, tls)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: smtplib.SMTP, tls: ssl.SSLContext) -> None:
        connection.ehlo_or_helo_if_needed()
        is_safe = self.is_tls
        if not is_safe and connection.has_extn("starttls"):
            connection.starttls(context=tls)
            connection.ehlo()
            is_safe = True
        if self.user:
            if not (is_safe or _is_here(self.host)):
                raise smtplib.SMTPException("the server offers no TLS: the password was not sent")
            connection.login(self.user, self.password)


def _smtp(parts: SplitResult) -> Smtp:
    is_tls = parts.scheme == "smtps"
    return Smtp(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
    )


def _envelope(connection: smtplib.SMTP, mail: Mail) -> None:
    options = ["SMTPUTF8"] if not mail.to.isascii() else []
    if options and not connection.has_extn("smtputf8"):
        raise Refused("the mail server takes no addresses with such letters")
    if options:
        connection.command_encoding = "utf-8"
    _expect(connection.mail(mail.sender, options), 250)
    _expect(connection.rcpt(mail.to), 250, 251)
    connection.putcmd("data")
    _expect(connection.getreply(), _GO_AHEAD)
    connection.send(_dotted(mail.content))


def _final_dot(connection: smtplib.SMTP) -> None:
    try:
        if connection.sock is not None:
            connection.sock.settimeout(_VERDICT_TIMEOUT_S)
        connection.send(b".\r\n")
        reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise InDoubt(f"no answer after the message: {_reason(error)}") from error
    code, _ = reply
    # An answer is no doubt: with 4xx or 5xx the server says that it has not taken the mail.
    if 400 <= code <= 599:
        _reject(code, _words(reply))
    # The connection may break within the answer: half of a "250" is no answer.
    if not 200 <= code <= 299:
        raise InDoubt(f"the answer after the message can't be read: {_words(reply)}")


def _expect(reply: tuple[int, bytes], *wanted: int) -> None:
    code, _ = reply
    if code not in wanted:
        _reject(code, _words(reply))


def _words(reply: tuple[int, bytes]) -> str:
    code, text = reply
    return f"{code} {text.decode('utf-8', 'replace')}"


def _reject(code: int, reason: str) -> NoReturn:
    raise (Refused if 500 <= code <= 599 else TryAgain)(reason)


def _dotted(content: bytes) -> bytes:
    """The message as it travels: lines end in CR LF and a dot at a line's start is doubled (RFC 5321, 4.5.2)."""
    lines = content.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
