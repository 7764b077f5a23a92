"""The mail that brings a certificate: written once, then frozen to the byte."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from ipaddress import ip_address
from urllib.parse import urlsplit

# Pure ASCII, so that the frozen bytes are plain text in the database and any server takes them.
_ASCII = SMTP.clone(cte_type="7bit")
_INTERNATIONAL = SMTP.clone(cte_type="7bit", utf8=True)
_FOLDED_ID = re.compile(rb"^Message-ID:\s+<", re.MULTILINE)


class BadAddress(Exception):
    """Nothing can be sent to such an address."""


@dataclass(frozen=True)
class Letter:
    """What the mail is made of; ``server`` and ``certificate`` are their ids, ``address`` is the server's URL."""

    certificate: str
    server: str
    to: str
    issuer: str
    learner_name: str
    course_title: str
    language: str
    address: str
    pdf: bytes


@dataclass(frozen=True)
class Mail:
    """A frozen message and its envelope."""

    sender: str
    to: str
    content: bytes


@dataclass(frozen=True)
class _Texts:
    subject: str
    greeting: str
    congratulation: str
    check: str


def message_id(certificate: str, server: str) -> str:
    """The Message-ID of a certificate's mail: every copy carries the same, so that mailboxes can tell."""
    return f"<{certificate}@{server}>"


def write_mail(letter: Letter, at: int) -> Mail:
    """The mail of this letter, dated ``at`` (milliseconds since 1970). Raises BadAddress."""
    to = _address(letter.to)
    sender = Address(letter.issuer, addr_spec=_sender(letter.address))
    message = _body(letter, is_international=not to.addr_spec.isascii())
    message["From"] = sender
    message["To"] = Address(letter.learner_name, to.username, to.domain)
    message["Date"] = format_datetime(datetime.fromtimestamp(at // 1000, UTC))
    message["Message-ID"] = message_id(letter.certificate, letter.server)
    message["Auto-Submitted"] = "auto-generated"
    # The library folds this line, and some mail programs then miss the id.
    content = _FOLDED_ID.sub(b"Message-ID: <", message.as_bytes(), count=1)
    return Mail(sender.addr_spec, to.addr_spec, content)


def write_test_mail(to: str, issuer: str, address: str, at: int) -> Mail:
    """A mail that only shows that mail works; no certificate's, so nothing counts it. Raises BadAddress."""
    checked = _address(to)
    sender = Address(issuer, addr_spec=_sender(address))
    message = EmailMessage(_INTERNATIONAL if not checked.addr_spec.isascii() else _ASCII)
    message["Subject"] = f"Test mail from {issuer}"
    message["From"] = sender
    message["To"] = checked
    message["Date"] = format_datetime(datetime.fromtimestamp(at // 1000, UTC))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"Mail from {issuer} arrives. Certificates will take the same way.\n\n{address}\n")
    return Mail(sender.addr_spec, checked.addr_spec, message.as_bytes())


def _body(letter: Letter, *, is_international: bool) -> EmailMessage:
    texts = _TEXTS.get(letter.language.partition("-")[0].lower(), _TEXTS["en"])
    link = f"{letter.address}/verify/{letter.certificate}"
    message = EmailMessage(_INTERNATIONAL if is_international else _ASCII)
    message["Subject"] = texts.subject.format(course=letter.course_title)
    lines = [
        texts.greeting.format(name=letter.learner_name),
        texts.congratulation.format(course=letter.course_title, issuer=letter.issuer),
        texts.check,
    ]
    message.set_content("\n\n".join([*lines, link, letter.issuer]) + "\n")
    message.add_alternative(_html(lines, link, letter), subtype="html")
    name = f"certificate-{letter.certificate}.pdf"
    message.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=name)
    return message


def _html(lines: list[str], link: str, letter: Letter) -> str:
    direction = "rtl" if letter.language.lower().startswith("ar") else "ltr"
    paragraphs = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    shown = escape(link)
    return (
        f'<!doctype html>\n<html lang="{escape(letter.language)}" dir="{direction}">\n<body>\n{paragraphs}\n'
        f'<p><a href="{shown}" dir="ltr">{shown}</a></p>\n<p>{escape(letter.issuer)}</p>\n</body>\n</html>\n'
    )


def _address(text: str) -> Address:
    if not text.isprintable():
        raise BadAddress(f"{text!r} is no e-mail address")
    local, at, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
        # The library checks ASCII alone; letters of other scripts may stand wherever an x may.
        checked = Address(addr_spec=f"{''.join(char if char.isascii() else 'x' for char in local)}@{domain}")
    except (HeaderParseError, ValueError, IndexError) as error:
        raise BadAddress(f"{text!r} is no e-mail address") from error
    if not (at and checked.username and checked.domain):
        raise BadAddress(f"{text!r} is no e-mail address")
    return checked if local.isascii() else Address(username=local, domain=domain)


def _sender(url: str) -> str:
    host = urlsplit(url).hostname or "localhost"
    try:
        number = ip_address(host)
    except ValueError:
        return f"certificates@{host}"
    return f"certificates@[{'IPv6:' if number.version == 6 else ''}{number}]"


_TEXTS = {
    "en": _Texts(
        subject="Your certificate: {course}",
        greeting="Hello {name},",
        congratulation="you have completed the course “{course}” at {issuer}. Your certificate is attached.",
        check="Anyone can check that it is genuine here:",
    ),
    "es": _Texts(
        subject="Su certificado: {course}",
        greeting="Hola, {name}:",
        congratulation="Ha completado el curso «{course}» en {issuer}. Adjuntamos su certificado.",
        check="Cualquiera puede comprobar aquí que es auténtico:",
    ),
    "ar": _Texts(
        subject="الشهادة: {course}",
        greeting="مرحبًا {name}،",
        congratulation="اكتملت دورة «{course}» في {issuer}. الشهادة مرفقة بهذه الرسالة.",
        check="يمكن لأي شخص التحقّق من صحتها هنا:",
    ),
}
