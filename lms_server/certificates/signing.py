"""Sign what a certificate states, and seal the file that shows it."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lms_server.certificates.verify import (
    FACTS_CONTEXT,
    FILE_CONTEXT,
    SEAL_MARK,
    TEXT_CHARS,
    BadPayload,
    canonical,
    parse_facts,
    to_base64,
)

_LINES = ("issuer", "learner_name", "course_title")
# Three texts of this size keep the payload under 4 KiB whatever script they are in.
_TEXT_BYTES = 600


def sign_facts(key: bytes, facts: Mapping[str, Any]) -> str:
    """The payload of these facts (the fields of ``verify.Facts``): base64url of canonical JSON, dot, signature.

    Texts are made one clean line first, so that no name can stop a certificate. Raises ValueError for facts
    that are missing or wrong.
    """
    cleaned = {**facts, **{name: clean_line(facts[name]) for name in _LINES}}
    text = json.dumps(cleaned, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        document = canonical(parse_facts(text.encode()))
    except BadPayload as error:
        raise ValueError(f"{error}: {text}") from error
    return f"{to_base64(document)}.{to_base64(_private(key).sign(FACTS_CONTEXT + document))}"


def seal_file(key: bytes, content: bytes) -> bytes:
    """These bytes with a last line that signs them all."""
    signature = _private(key).sign(FILE_CONTEXT + content)
    return content + SEAL_MARK + to_base64(signature).encode() + b"\n"


def public_key_of(key: bytes) -> bytes:
    """The 32 bytes with which anyone can check what this key signed."""
    return _private(key).public_key().public_bytes_raw()


def clean_line(text: str) -> str:
    """Make this text one line that a certificate can hold: no control characters, no runs of spaces, not too long."""
    visible = "".join(char if char.isprintable() or _joins(char) else " " for char in text)
    line = " ".join(visible.split())[:TEXT_CHARS]
    while len(json.dumps(line, ensure_ascii=False).encode()) > _TEXT_BYTES:
        line = line[:-1]
    return line.strip() or "-"


def _joins(char: str) -> bool:
    # Zero width joiner and non-joiner are letters' business in Persian and Indian names.
    return char in "\u200c\u200d"


@lru_cache(maxsize=8)
def _private(key: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key)
