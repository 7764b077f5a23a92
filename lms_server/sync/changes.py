"""What changed after a desktop's anchors: whole revisions, the learner's own first, then the catalog."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
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
    streams = _asked(conn, who, after, settled)
    history = {stream.newest: stream.head.anchor for stream in streams}
    history |= anchors.find(conn, {point for stream in streams for point in stream.carried()} - history.keys())
    found = Found()
    ends = _fill(found, streams, history)
    history |= anchors.find(conn, set(ends.values()) - history.keys())
    return Page(
        epoch=server.epoch,
        known=wire.Known(**({"me": True} | {stream.key: stream.is_known(history) for stream in streams})),
        changes=found.changes(),
        next=wire.Cursors(**{key: history[end].text() for key, end in ends.items()}),
        settled=wire.Cursors(**{stream.key: stream.head.anchor.text() for stream in streams}),
        more=any(ends[stream.key] != stream.newest for stream in streams),
        digest=next((_digest(stream.head) for stream in streams if stream.key == "me"), None),
    )


# A stream's name and a revision of it; and the anchors of those points that were looked up and found.
Point = tuple[str, int]
History = Mapping[Point, Anchor]


class Asked(NamedTuple):
    """One stream as a request asks for it: as it stands now, with the anchors that the request carries.

    ``key`` is its field in envelopes; ``read`` gives the rows after a revision, at most so many of each kind.
    """

    key: str
    name: str
    head: Head
    after: str | None
    settled: str | None
    read: Callable[[int, int], rows.Batch]

    @property
    def newest(self) -> Point:
        return self.name, self.head.revision

    def carried(self) -> Iterator[Point]:
        """What the request's anchors name, as far as they can be read."""
        for text in (self.after, self.settled):
            anchor = read_anchor(text) if text is not None else None
            if anchor is not None:
                yield self.name, anchor.revision

    def is_known(self, history: History) -> bool:
        """Whether both anchors are points of this history; where none is carried it is the beginning, known to all."""
        return all(text is None or _is_known(self.name, text, history) for text in (self.after, self.settled))

    def start(self, history: History) -> int:
        """The revision after which the page begins; 0 where history was lost."""
        anchor = read_anchor(self.after) if self.after is not None and self.is_known(history) else None
        return 0 if anchor is None else anchor.revision


def _asked(conn: Connection, who: Learner | None, after: wire.Cursors, settled: wire.Cursors) -> list[Asked]:
    """The learner's own stream first; a guest has none."""
    heads = anchors.read(conn, *([who.uid] if who else []), CATALOG)
    read = partial(rows.catalog, conn, who)
    catalog = Asked("catalog", CATALOG, heads[CATALOG], after.catalog, settled.catalog, read)
    if who is None:
        return [catalog]
    me = Asked("me", who.uid, heads[who.uid], after.me, settled.me, partial(rows.mine, conn, who))
    return [me, catalog]


def _is_known(name: str, text: str, history: History) -> bool:
    anchor = read_anchor(text)
    return anchor is not None and history.get((name, anchor.revision)) == anchor


def _fill(found: Found, streams: list[Asked], history: History) -> dict[str, Point]:
    """Add what fits on a page, a stream only after the whole of those before it; how far it brings each, by key."""
    budget, ends, is_whole = Budget(), {}, True
    for stream in streams:
        end = stream.start(history)
        if is_whole:
            end = _take(found, budget, stream, end)
            is_whole = end == stream.head.revision
        ends[stream.key] = stream.name, end
    return ends


def _take(found: Found, budget: Budget, stream: Asked, after: int) -> int:
    """Add whole revisions of a stream while they fit; returns the last one taken."""
    newest = stream.head.revision
    if after >= newest:
        return newest
    batch = stream.read(after, _FETCH)
    horizon = newest if batch.complete_to is None else batch.complete_to
    end = after
    for revision, group in _by_revision(batch.rows, horizon):
        if not budget.admit(len(group), sum(row.weight for row in group)):
            return end
        for row in group:
            getattr(found, row.kind).append(row.wire)
        end = revision
    return horizon


def _by_revision(batch: Iterable[rows.Row], horizon: int) -> list[tuple[int, list[rows.Row]]]:
    groups: dict[int, list[rows.Row]] = {}
    for row in batch:
        if row.revision <= horizon:
            groups.setdefault(row.revision, []).append(row)
    return sorted(groups.items())


def _digest(stream: Head) -> wire.Digest:
    return wire.Digest(stream.facts, stream.digest)
