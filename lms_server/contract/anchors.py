"""Streams of changes: revisions that serialise their writers, and anchors that notice lost or forked history."""

import base64
import binascii
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from lms_server.contract.bulk import BulkInsert
from lms_server.contract.digest import Digest
from lms_server.contract.schema import UID, Key, metadata

CATALOG = "catalog"
ROWS_A_REVISION = 500
_TAG_BYTES = 8

streams = Table(
    "streams",
    metadata,
    Column("id", Key, primary_key=True),
    # "catalog", or a user's uid for that learner's "me".
    Column("stream", UID, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False, server_default="0"),
    Column("sum", String(32), nullable=False, server_default="0" * 32),
    UniqueConstraint("stream", name="uq_streams_stream"),
    info={"server_only": True},
)

anchors = Table(
    "anchors",
    metadata,
    Column("id", Key, primary_key=True),
    Column("stream", UID, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("tag", LargeBinary(_TAG_BYTES), nullable=False),
    UniqueConstraint("stream", "revision", name="uq_anchors_stream_revision"),
    info={"server_only": True},
)


class Anchor(NamedTuple):
    """A point in one history: a revision and the random tag it got when it was made."""

    revision: int
    tag: bytes

    def text(self) -> str:
        """The opaque form that travels, base64url."""
        return base64.urlsafe_b64encode(self.revision.to_bytes(8, "big") + self.tag).rstrip(b"=").decode()


@lru_cache(maxsize=256)
def read_anchor(text: str) -> Anchor | None:
    """The anchor in this text, or None for one that no server of ours made."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(raw) != 8 + _TAG_BYTES or raw[0] & 0x80:
        return None
    return Anchor(int.from_bytes(raw[:8], "big"), raw[8:])


class Head(NamedTuple):
    """A stream as it stands in a snapshot: its newest anchor, and the digest of a learner's facts."""

    anchor: Anchor
    facts: int
    digest: str

    @property
    def revision(self) -> int:
        return self.anchor.revision


class Stream:
    """One locked stream inside the caller's transaction: hands out revisions, then saves what it handed out."""

    def __init__(self, name: str, revision: int, facts: Digest) -> None:
        self.name = name
        self.revision = revision
        # The digest that both sides compare; the catalog has no facts.
        self.facts = facts
        self._stored = facts.value
        self._first_new = revision + 1
        self._rows_left = 0

    def stamp(self) -> int:
        """The revision of one more changed row; a revision holds at most 500."""
        if self._rows_left == 0:
            self.revision += 1
            self._rows_left = ROWS_A_REVISION
        self._rows_left -= 1
        return self.revision

    def stamp_alone(self) -> int:
        """A revision that no other row shares: what it brings along mustn't add up on one page."""
        self._rows_left = 0
        revision = self.stamp()
        self._rows_left = 0
        return revision

    def touch(self) -> None:
        """Take a revision even if no row changed: a receipt was stored, and anchors must notice its loss."""
        if self.revision < self._first_new:
            self.stamp()

    def save(self, conn: Connection) -> None:
        """Store the counter and one anchor for each revision handed out; nothing when none was."""
        new = range(self._first_new, self.revision + 1)
        if not new and self.facts.value == self._stored:
            return
        facts = {"count_": self.facts.count, "sum_": self.facts.text}
        conn.execute(_SAVE, {"name": self.name, "revision_": self.revision} | facts)
        _ANCHORS.write(conn, [(self.name, revision, os.urandom(_TAG_BYTES)) for revision in new])
        self._first_new = self.revision + 1
        self._stored = self.facts.value


def create_stream(conn: Connection, name: str) -> None:
    """Make a stream with its anchor for revision 0, so that "from the start" can be found again."""
    conn.execute(insert(streams).values(stream=name, revision=0))
    conn.execute(insert(anchors).values(stream=name, revision=0, tag=os.urandom(_TAG_BYTES)))


def lock(conn: Connection, name: str) -> Stream:
    """Lock a stream's row until the transaction ends: its writers take turns, other streams' writers go on.

    Raises LookupError when there is no such stream.
    """
    row = conn.execute(_LOCK, {"name": name}).one_or_none()
    if row is None:
        raise LookupError(f"no stream {name!r}")
    _, revision, count, total = row
    return Stream(name, revision, Digest.stored(name, count, total))


def read(conn: Connection, *names: str) -> dict[str, Head]:
    """One stream, or two, as they stand in this snapshot, by name."""
    rows = conn.execute(_READ, {"one": names[0], "other": names[-1]}).all()
    return {name: Head(Anchor(revision, tag), facts, digest) for name, revision, tag, facts, digest in rows}


def find(conn: Connection, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Anchor]:
    """The stored anchors of these (stream, revision) pairs: a request carries four, which is one statement."""
    pairs = list(set(wanted))
    found: dict[tuple[str, int], Anchor] = {}
    for first in range(0, len(pairs), _FOUND_AT_ONCE):
        some = pairs[first : first + _FOUND_AT_ONCE]
        # The statement always asks for so many: the last one is repeated in the places that are left.
        filled = some + some[-1:] * (_FOUND_AT_ONCE - len(some))
        asked: dict[str, object] = {f"name_{place}": name for place, (name, _) in enumerate(filled)}
        asked |= {f"revision_{place}": revision for place, (_, revision) in enumerate(filled)}
        found |= {(name, revision): Anchor(revision, tag) for name, revision, tag in conn.execute(_FIND, asked).all()}
    return found


_FOUND_AT_ONCE = 4
_STREAMS = select(streams.c.stream, streams.c.revision, streams.c.count, streams.c.sum)
_LOCK = _STREAMS.where(streams.c.stream == bindparam("name")).with_for_update(key_share=True)
_READ = (
    select(streams.c.stream, streams.c.revision, anchors.c.tag, streams.c.count, streams.c.sum)
    .join_from(streams, anchors, and_(anchors.c.stream == streams.c.stream, anchors.c.revision == streams.c.revision))
    .where(streams.c.stream.in_([bindparam("one"), bindparam("other")]))
)
# Spelled out: a list in a parameter is longer to take apart than these few are to find.
_FIND = select(anchors.c.stream, anchors.c.revision, anchors.c.tag).where(
    or_(
        *(
            and_(anchors.c.stream == bindparam(f"name_{place}"), anchors.c.revision == bindparam(f"revision_{place}"))
            for place in range(_FOUND_AT_ONCE)
        )
    )
)
_SAVE = (
    update(streams)
    .where(streams.c.stream == bindparam("name"))
    .values(revision=bindparam("revision_"), count=bindparam("count_"), sum=bindparam("sum_"))
)
_ANCHORS = BulkInsert(anchors, ("stream", "revision", "tag"))
