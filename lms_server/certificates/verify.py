"""Check certificates: signed facts, and whole PDF files. The desktop imports this too, so it asks for little."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lms_server.contract.ids import is_uuid
from lms_server.contract.times import from_wire, to_wire

PAYLOAD_BYTES = 4096
TEXT_CHARS = 200
ADDRESS_CHARS = 200
PDF_BYTES = 8 << 20
# Each kind of signature names what it signs: one can never pass for the other.
FACTS_CONTEXT = b"lms certificate facts 1\0"
FILE_CONTEXT = b"lms certificate file 1\0"
SEAL_MARK = b"%lms-certificate-seal "
PAYLOAD_MARK = "lms-certificate-facts "

_SIGNATURE_TEXT = 86
_SEAL = re.compile(rb"%lms-certificate-seal ([A-Za-z0-9_-]{86})\n\Z")
_CARRIED = re.compile(rb"/Keywords \(lms-certificate-facts ([A-Za-z0-9_.-]+)\)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*").fullmatch
_ADDRESS = re.compile(r"https?://[!#$%&'*+,./0-9:;=?@A-Z_a-z~\[\]-]*[^/]").fullmatch


class NotGenuine(Exception):
    """The certificate is refused; the text says why, for people.

    NotGenuine
    ├── BadPayload: these are no facts that this server signed
    └── BadFile: the file was changed, cut, added to, or never came from this server
    """


class BadPayload(NotGenuine): ...


class BadFile(NotGenuine): ...


@dataclass(frozen=True)
class Facts:
    """What a certificate states, frozen when it was issued; times are wire times, ``direction`` is ltr or rtl."""

    uuid: str
    server: str
    issuer: str
    user: str
    learner_name: str
    course: str
    course_title: str
    lessons: int
    completed_at: str
    issued_at: str
    language: str
    direction: str
    address: str


def read_payload(payload: str, public_key: bytes) -> Facts:
    """The facts in this payload; raises BadPayload unless the holder of the key signed exactly these."""
    if len(payload) > PAYLOAD_BYTES:
        _refuse("the signed facts are too long")
    head, dot, tail = payload.partition(".")
    if not dot or len(tail) != _SIGNATURE_TEXT:
        _refuse("these are no signed facts")
    document = _from_base64(head)
    try:
        _check(public_key, _from_base64(tail), FACTS_CONTEXT + document)
    except InvalidSignature:
        _refuse("the facts were not signed by this server")
    return parse_facts(document)


def verify_pdf(content: bytes, public_key: bytes) -> Facts:
    """The facts of this PDF file; raises NotGenuine if any byte differs from what the server made."""
    if len(content) > PDF_BYTES:
        raise BadFile("the file is too large to be a certificate")
    start = content.rfind(b"\n", 0, -1) + 1
    seal = _SEAL.match(content, start)
    if seal is None:
        raise BadFile("the file has no seal at its end: it is cut, was added to, or is no certificate")
    try:
        _check(public_key, _from_base64(seal[1].decode()), FILE_CONTEXT + content[:start])
    except (InvalidSignature, BadPayload) as error:
        raise BadFile("the file is not as this server made it") from error
    return read_payload(_carried_payload(content), public_key)


def parse_facts(document: bytes) -> Facts:
    """Read the facts of a canonical document; raises BadPayload for every other spelling and for missing facts."""
    try:
        values = json.loads(document)
        facts = Facts(**values) if isinstance(values, dict) else None
    except (ValueError, TypeError, RecursionError) as error:
        raise BadPayload("these are no facts of a certificate") from error
    if facts is None or not _sound(facts) or canonical(facts) != document:
        _refuse("the facts are not in order")
    return facts


def canonical(facts: Facts) -> bytes:
    """The one spelling of these facts: JSON, sorted keys, no spaces, UTF-8."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def is_line(text: Any) -> bool:
    """Whether this is one line of text with something in it: no control characters, no lone surrogates."""
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_CHARS:
        return False
    return not any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in text)


def _sound(facts: Facts) -> bool:
    return (
        all(is_uuid(value) for value in (facts.uuid, facts.server, facts.user, facts.course))
        and all(is_line(text) for text in (facts.issuer, facts.learner_name, facts.course_title))
        and type(facts.lessons) is int
        and 1 <= facts.lessons <= 5000
        and _is_wire_time(facts.completed_at)
        and _is_wire_time(facts.issued_at)
        and _is_language(facts.language)
        and facts.direction in ("ltr", "rtl")
        and is_address(facts.address)
    )


def is_address(value: Any) -> bool:
    """Whether this can be the base of verification addresses: http or https, no slash at its end."""
    return isinstance(value, str) and len(value) <= ADDRESS_CHARS and _ADDRESS(value) is not None


def _is_language(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 35 and _LANGUAGE(value) is not None


def _is_wire_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and to_wire(from_wire(value)) == value
    except (ValueError, OverflowError):
        return False


def _carried_payload(content: bytes) -> str:
    found = _CARRIED.findall(content)
    if len(found) != 1:
        raise BadFile("the file doesn't carry the facts of one certificate")
    payload: bytes = found[0]
    return payload.decode()


def _check(public_key: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)


def to_base64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadPayload("these are no signed facts") from error
    # The last character has bits to spare: only one spelling of a signature counts.
    if to_base64(raw) != text:
        _refuse("these are no signed facts")
    return raw


def _refuse(why: str) -> NoReturn:
    raise BadPayload(why)
