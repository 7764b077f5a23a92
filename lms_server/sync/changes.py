"""What changed after a desktop's anchors: whole revisions, the learner's own first, then the catalog."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from lms_server.actions.context import Learner, read_server
from lms_server.contract import anchors, wire
from lms_server.contract.anchors import CATALOG, Anchor, Head, read_anchor
from lms_server.sync import rows

# One revision of the learner's can bring a closed course along; its weight is known only then.
_FETCH = wire.PAGE_ROWS + anchors.ROWS_A_REVISION


@dataclass(frozen=True)
class Page:
    epoch: str
    known: wire.Known
    changes: wire.Changes
    next: wire.Cursors
    settled: wire.Cursors
    more: bool
    digest: wire.Digest | None


@dataclass
class Budget:
    """What is left of a page; the first revision is always let in."""

    rows: int = wire.PAGE_ROWS
    bytes: int = wire.PAGE_BYTES
    is_empty: bool = True

    def admit(self, row_count: int, byte_count: int) -> bool:
        """Take this much, if it fits or nothing was taken yet."""
        if not self.is_empty and (row_count > self.rows or byte_count > self.bytes):
            return False
        self.rows -= row_count
        self.bytes -= byte_count
        self.is_empty = False
        return True


@dataclass
class Found:
    """Wire rows by kind."""

    courses: list[Any] = field(default_factory=list)
    lessons: list[Any] = field(default_factory=list)
    enrollments: list[Any] = field(default_factory=list)
    progress: list[Any] = field(default_factory=list)
    certificates: list[Any] = field(default_factory=list)

    def changes(self) -> wire.Changes:
        return wire.Changes(self.courses, self.lessons, self.enrollments, self.progress, self.certificates)


def read_page(conn: Connection, who: Learner | None, after: wire.Cursors, settled: wire.Cursors) -> Page:
    """One page of changes in the caller's snapshot."""
    server = read_server(conn)
    names = {"catalog": CATALOG} | ({"me": who.uid} if who else {})
    streams = anchors.read(conn, *names.values())
    asked = {key: (read_anchors(after, key), read_anchors(settled, key)) for key in names}
    known_anchors = {(name, head.revision): head.anchor for name, head in streams.items()}
    known_anchors |= anchors.find(conn, _carried(names, asked) - known_anchors.keys())
    known = {key: all(_is_known(names[key], a, known_anchors) for a in asked[key]) for key in names}
    start = {key: _start(asked[key][0], known=known[key]) for key in names}
    found, budget, ends = Found(), Budget(), dict(start)
    if who is not None:
        ends["me"] = _take(conn, who, streams[who.uid], start["me"], found, budget, rows.mine)
    if who is None or ends["me"] == streams[who.uid].revision:
        ends["catalog"] = _take(conn, who, streams[CATALOG], start["catalog"], found, budget, rows.catalog)
    known_anchors |= _cut_anchors(conn, names, ends, known_anchors)
    newest = {key: streams[names[key]].anchor.text() for key in names}
    return Page(
        epoch=server.epoch,
        known=wire.Known(catalog=known["catalog"], me=known.get("me", True)),
        changes=found.changes(),
        next=wire.Cursors(**{key: known_anchors[names[key], ends[key]].text() for key in names}),
        settled=wire.Cursors(**newest),
        more=any(ends[key] < streams[names[key]].revision for key in names),
        digest=_digest(streams[who.uid]) if who else None,
    )


class Asked(NamedTuple):
    """An anchor as a request carries it: absent, readable, or nonsense."""

    text: str | None
    anchor: Anchor | None


def read_anchors(cursors: wire.Cursors, key: str) -> Asked:
    """The request's anchor for one stream."""
    text = getattr(cursors, key)
    return Asked(text, read_anchor(text) if text is not None else None)


def _carried(names: dict[str, str], asked: dict[str, tuple[Asked, Asked]]) -> set[tuple[str, int]]:
    return {(names[key], a.anchor.revision) for key, pair in asked.items() for a in pair if a.anchor is not None}


def _is_known(stream: str, asked: Asked, known: dict[tuple[str, int], Anchor]) -> bool:
    if asked.text is None:
        return True
    return asked.anchor is not None and known.get((stream, asked.anchor.revision)) == asked.anchor


def _start(after: Asked, *, known: bool) -> int:
    return after.anchor.revision if known and after.anchor is not None else 0


Reader = Callable[[Connection, Learner | None, int, int], "rows.Batch"]


def _take(
    conn: Connection, who: Learner | None, stream: Head, after: int, found: Found, budget: Budget, read: Reader
) -> int:
    """Add whole revisions of a stream while they fit; returns the last one taken."""
    if after >= stream.revision:
        return stream.revision
    batch = read(conn, who, after, _FETCH)
    horizon = stream.revision if batch.complete_to is None else batch.complete_to
    end = after
    for revision, group in _by_revision(batch.rows, horizon):
        if not budget.admit(len(group), sum(row.weight for row in group)):
            return end
        for row in group:
            getattr(found, row.kind).append(row.wire)
        end = revision
    return horizon


def _by_revision(batch: Iterable["rows.Row"], horizon: int) -> list[tuple[int, list["rows.Row"]]]:
    groups: dict[int, list[rows.Row]] = {}
    for row in batch:
        if row.revision <= horizon:
            groups.setdefault(row.revision, []).append(row)
    return sorted(groups.items())


def _cut_anchors(
    conn: Connection,
    names: dict[str, str],
    ends: dict[str, int],
    known: dict[tuple[str, int], Anchor],
) -> dict[tuple[str, int], Anchor]:
    missing = [(names[key], end) for key, end in ends.items() if (names[key], end) not in known]
    return anchors.find(conn, missing)


def _digest(stream: Head) -> wire.Digest:
    return wire.Digest(stream.facts, stream.digest)
