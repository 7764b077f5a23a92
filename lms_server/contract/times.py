"""Times: integers of milliseconds since 1970 UTC inside, RFC 3339 with milliseconds on the wire."""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MS
LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MS
# More digits of a second than anybody measures.
MAX_TIME_CHARS = 64
# How a time ends. For each of thousands of times, to format or read it takes longer than to look it up.
_ENDS = [f".{rest:03d}Z" for rest in range(1000)]
_REST = {end: rest for rest, end in enumerate(_ENDS)}
# Python reads more of ISO 8601 than travels: weeks, bare hours, offsets with seconds.
_RFC_3339 = re.compile(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})").fullmatch


def now_ms() -> int:
    """The wall clock: recorded and shown, never used for order, identity or expiry."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """An aware datetime as milliseconds."""
    return (moment - _EPOCH) // _MS


def from_wire(text: str) -> int:
    """Read an RFC 3339 time, saturating; raises ValueError for other spellings and for times without a zone."""
    # As ``to_wire`` writes it: a batch of clicks falls into few distinct seconds.
    rest = _REST.get(text[19:])
    if rest is not None:
        return _read(f"{text[:19]}Z") + rest
    if len(text) > MAX_TIME_CHARS:
        # Before it is remembered: a time as long as a request would be kept for many requests to come.
        raise ValueError("that is longer than any RFC 3339 time")
    return _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> int:
    if _RFC_3339(text) is None:
        raise ValueError(f"{text!r} is no RFC 3339 time")
    # A zone can shift the first and the last day out of the years that have a spelling in UTC.
    return max(EARLIEST, min(to_ms(datetime.fromisoformat(text)), LATEST))


def to_wire(ms: int) -> str:
    """Write a time the one way: ``2026-11-22T10:00:00.000Z``."""
    seconds, rest = divmod(ms, 1000)
    return _second(seconds) + _ENDS[rest]


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


def corrected(made_at: int, *, server_time: int, sent_at: int, received_at: int) -> int:
    """A claimed time on the server's clock, saturating, never later than the moment it arrived."""
    return max(EARLIEST, min(made_at + server_time - sent_at, received_at))
