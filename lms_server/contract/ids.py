"""Identifiers: made from the system's entropy, and recognised in one spelling only (RFC 9562)."""

import os
import re
import time

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def is_uuid(text: object) -> bool:
    """Whether this is a UUID in canonical lower case; braces, ``urn:uuid:`` and capitals are other strings."""
    return isinstance(text, str) and _CANONICAL(text) is not None


def new_uuid7() -> str:
    """A command's id: time for index locality (never read), then 74 random bits (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF
    return _spell(milliseconds.to_bytes(6, "big") + os.urandom(10), version=7)


def new_uuid4() -> str:
    """A random identity for servers, epochs and leases."""
    return _spell(os.urandom(16), version=4)


def uuid8(digest: bytes) -> str:
    """A UUIDv8 of a digest's first 16 bytes: the same input names the same thing (RFC 9562, 5.8)."""
    return _spell(digest[:16], version=8)


def _spell(raw: bytes, *, version: int) -> str:
    number = int.from_bytes(raw, "big")
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
