"""What a restore saves of the database that it replaces, so that no mail goes a second time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, and_, bindparam, select, update

from lms_server.contract.anchors import Anchor, anchors, streams
from lms_server.contract.ids import new_uuid4
from lms_server.contract.schema import certificates, users
from lms_server.contract.sqlite import open_sqlite, reading, writing
from lms_server.contract.times import now_ms
from lms_server.contract.upsert import among_named, insert_into
from lms_server.database.engine import has_schema, open_database
from lms_server.database.tables import holds, jobs, server
from lms_server.jobs.dispatch import KIND
from lms_server.jobs.holds import hold_mails, news_for
from lms_server.jobs.journal import FREE, Entry, Event, Journal
from lms_server.jobs.queue import State

_Holds = list[tuple[str, str, int | None]]

# Streams whose anchors are held in memory together.
_AT_ONCE = 200
_ANCHORS = select(anchors.c.stream, anchors.c.revision, anchors.c.tag).where(among_named(anchors.c.stream, "names"))


def hand_over(replaced: str | None, restored: Path, journal: Journal, backed_up: Path) -> None:
    """Make the database in this file the heir of the one at this address, which is left as it is.

    ``replaced`` is None where nothing can be read; ``backed_up`` is the backup's journal. Raises BadJournal.
    """
    with _opened(open_sqlite(restored)) as new:
        heir = Heir(new, journal, now_ms())
        if replaced is None:
            heir.take_over(None, backed_up)
        else:
            with _opened(open_database(replaced)) as old:
                heir.take_over(old if _server_of(old) == _server_of(new) else None, backed_up)


@dataclass(frozen=True)
class Heir:
    """The database that comes out of a backup, with the journal that it will go on with."""

    engine: Engine
    journal: Journal
    now: int

    def take_over(self, replaced: Engine | None, backed_up: Path) -> None:
        """Learn from the backup's journal, and from the database that is replaced if it can be read; a new epoch.

        A journal that was whole names the history that goes (``past``): laptops that come from there are no cause for
        alarm. It knows what went after the backup if it was kept all along: not when it was lost, and not when it fell
        back behind the backup together with the replaced database. Then those that wait in the backup are held, as are
        those of laptops that know more than anybody here.
        """
        with reading(replaced) if replaced is not None else nullcontext() as old:
            is_whole = old is not None and self._is_whole_for(old)
            knows_all = old is not None and is_whole and self._is_followed_by(old)
            # What the backup's journal says is older than what the replaced database knows: it comes first.
            self.journal.add_entries_of(backed_up)
            kept = self._learn(old, is_whole=is_whole) if old is not None else []
        if not knows_all:
            with reading(self.engine) as new:
                self.journal.append_all([*news_for(new, self.journal, self.now), *self._waiting(new)])
        with writing(self.engine) as new:
            _keep_holds(new, kept)
            new.execute(_END_LEASES)
            new.execute(_BEGIN_EPOCH, {"epoch_": new_uuid4(), "seq": self.journal.last_seq})

    def _is_whole_for(self, old: Connection) -> bool:
        """Whether the journal has every line that this database knows of; only before any is added."""
        return bool(old.execute(_JOURNAL_SEQ).scalar_one() <= self.journal.last_seq)

    def _is_followed_by(self, old: Connection) -> bool:
        """Whether the replaced database or the journal comes after this one: they know each history's newest point."""
        with reading(self.engine) as new:
            newest = [(stream, Anchor(revision, tag)) for stream, revision, tag in new.execute(_NEWEST)]
        for some in (newest[start : start + _AT_ONCE] for start in range(0, len(newest), _AT_ONCE)):
            known = _anchors_of(old, [stream for stream, _ in some])
            unknown = [(stream, anchor) for stream, anchor in some if anchor not in known[stream]]
            if not all(self.journal.has_seen(stream, anchor.text()) for stream, anchor in unknown):
                return False
        return True

    def _learn(self, old: Connection, *, is_whole: bool) -> _Holds:
        """Record what the replaced database knows; returns who is held there."""
        self.journal.append_all(news_for(old, self.journal, self.now))
        if is_whole:
            with reading(self.engine) as new:
                self.journal.append_all(self._taken_back(old, new))
        return _read_holds(old)

    def _taken_back(self, old: Connection, new: Connection) -> Iterator[Entry]:
        names = old.execute(_STREAMS).scalars().all()
        for some in (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)):
            was, stays = _anchors_of(old, some), _anchors_of(new, some)
            for stream in some:
                gone = was[stream] - stays[stream]
                if gone:
                    texts = tuple(anchor.text() for anchor in sorted(gone))
                    yield Entry(0, Event.PAST, stream, self.now, texts)

    def _waiting(self, new: Connection) -> Iterator[Entry]:
        for key in new.execute(_WAITING).scalars():
            if self.journal.last_event(key) in FREE:
                yield Entry(0, Event.HELD, key, self.now)


@contextmanager
def _opened(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


def _server_of(engine: Engine) -> str | None:
    """Whose database this is; None before ``init``."""
    if not has_schema(engine):
        return None
    with reading(engine) as conn:
        return conn.execute(select(server.c.server_id)).scalar()


def _anchors_of(conn: Connection, names: Sequence[str]) -> dict[str, set[Anchor]]:
    found: dict[str, set[Anchor]] = {name: set() for name in names}
    for stream, revision, tag in conn.execute(_ANCHORS, {"names": names}):
        found[stream].add(Anchor(revision, tag))
    return found


def _read_holds(old: Connection) -> _Holds:
    return [(uid, epoch, released_at) for uid, epoch, released_at in old.execute(_HOLDS)]


def _keep_holds(new: Connection, kept: _Holds) -> None:
    """Whoever was held stays so; an account that the backup doesn't know is judged anew when it comes."""
    ids = dict(new.execute(_USERS).all())
    for uid, epoch, released_at in kept:
        if uid in ids:
            row = insert_into(new, holds).values(user_id=ids[uid], epoch=epoch, released_at=released_at)
            known = {"index_elements": ["user_id", "epoch"], "set_": {"released_at": released_at}}
            new.execute(row.on_conflict_do_update(**known))
    hold_mails(new, new.execute(_HELD).scalars().all())


_JOURNAL_SEQ = select(server.c.journal_seq)
_BEGIN_EPOCH = update(server).values(epoch=bindparam("epoch_"), journal_seq=bindparam("seq"))
# Of workers that were at it when the backup was taken: nobody can tell any more that they ended.
_END_LEASES = update(jobs).where(jobs.c.state == State.SENDING).values(lease_until=0)
_NEWEST = select(streams.c.stream, streams.c.revision, anchors.c.tag).join_from(
    streams, anchors, and_(anchors.c.stream == streams.c.stream, anchors.c.revision == streams.c.revision)
)
_STREAMS = select(streams.c.stream).order_by(streams.c.stream)
_WAITING = select(jobs.c.key).where(jobs.c.kind == KIND, jobs.c.state.in_([State.QUEUED, State.SENDING]))
_HOLDS = select(users.c.uid, holds.c.epoch, holds.c.released_at).join_from(holds, users)
_USERS = select(users.c.uid, users.c.id)
_HELD = select(certificates.c.uuid).where(
    certificates.c.user_id.in_(select(holds.c.user_id).where(holds.c.released_at.is_(None)))
)
