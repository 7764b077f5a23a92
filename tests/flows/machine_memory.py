"""What makes a random schedule cost milliseconds and come again by its seed: databases in memory, seeded ids."""

import sqlite3
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from random import Random
from types import SimpleNamespace

from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from lms_server.contract import anchors, ids, sqlite
from tests.flows.machine_quick import QuickEngine


class Crash(Exception):
    """The power went, between two statements."""


# A database's rows by table.
Content = dict[str, list[tuple]]


class Instead:
    """One value in another's place for a while, as ``mock.patch.object`` does it, in a tenth of the time."""

    def __init__(self, target: object, name: str, value: object) -> None:
        self._target, self._name, self._value = target, name, value

    def __enter__(self) -> None:
        self._usual = getattr(self._target, self._name)
        setattr(self._target, self._name, self._value)

    def __exit__(self, *_exc: object) -> None:
        setattr(self._target, self._name, self._usual)


class Memory:
    """One SQLite database in memory, under an engine of the product's own making; saved and loaded as rows."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, cached_statements=1000)
        self._reads: dict[str, str] | None = None
        self._seen: tuple[int, object] | None = None
        self.left: int | None = None
        with Instead(sqlite, "create_engine", self._create):
            self.engine = sqlite.open_sqlite(Path("memory"))
        # The database would go with its connection.
        self.engine.dispose = lambda **_: None
        event.listen(self.engine, "before_cursor_execute", self.count)

    def _create(self, _address, **options):
        engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        self._quick = QuickEngine.of(engine, self.raw, self)
        return self._quick

    def count(self, *_args: object) -> None:
        """One statement more; raises Crash if there is no power left for it."""
        if self.left is not None:
            if self.left <= 0:
                raise Crash
            self.left -= 1

    def crash_after(self, statements: int | None) -> None:
        """Lose power after so many statements, and stay without it until None is set."""
        self.left = statements

    def save(self) -> Content:
        """Every row of every table."""
        return {table: self.raw.execute(query).fetchall() for table, query in self._queries().items()}

    def load(self, content: Content) -> None:
        """These rows and no others. Neither tables nor settings change: SQLite would prepare every statement anew."""
        raw, tables = self.raw, list(self._queries())
        raw.rollback()
        raw.execute("BEGIN")
        for table in reversed(tables):
            raw.execute(f"DELETE FROM {table}")
        for table in tables:
            if rows := content[table]:
                raw.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        raw.execute("COMMIT")

    def run(self, statement: str, *values: object) -> None:
        """Change something past all code."""
        self.raw.execute(statement, values)

    def _queries(self) -> dict[str, str]:
        """What reads each table; those that others refer to come first."""
        if self._reads is None:
            names = self.column("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            # No lesson's text comes here, so there is nothing to search; and versions don't change.
            names = [name for name in names if not name.startswith("lesson_text") and name != "alembic_version"]
            needs = {name: {row[2] for row in self.all(f"PRAGMA foreign_key_list({name})")} for name in names}
            order = TopologicalSorter(needs).static_order()
            self._reads = {name: f"SELECT * FROM {name} ORDER BY rowid" for name in order}
        return self._reads

    def be_quick(self) -> None:
        """The tables are there: from now on statements go the short way."""
        self._quick.be_quick()

    def close(self) -> None:
        self.raw.close()

    def seen(self, look):
        """``look.of`` this database, looked at again only when a row may have changed since."""
        if self._seen is None or self._seen[0] != self.raw.total_changes:
            self._seen = self.raw.total_changes, look.of(self)
        return self._seen[1]

    def all(self, query: str, *values: object) -> list:
        return self.raw.execute(query, values).fetchall()

    def column(self, query: str, *values: object) -> list:
        return [row[0] for row in self.raw.execute(query, values)]


DAY_MS = 86_400_000


class Clock:
    """The world's true time, in milliseconds; it goes on by steps."""

    def __init__(self, now: int = 1_795_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@contextmanager
def seeded(rng: Random, clock: Clock):
    """Ids and tags come from the seed instead of the system, so that a schedule comes again."""
    system = SimpleNamespace(urandom=rng.randbytes)
    time = SimpleNamespace(time_ns=lambda: clock.now * 1_000_000)
    with Instead(ids, "os", system), Instead(anchors, "os", system), Instead(ids, "time", time):
        yield
