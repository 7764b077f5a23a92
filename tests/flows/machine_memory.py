"""What makes a random schedule cost milliseconds and come again by its seed: databases in memory, seeded ids."""

import gc
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from lms_server.contract import anchors, ids, sqlite


class Crash(Exception):
    """The power went, between two statements."""


class Memory:
    """One SQLite database in memory, under an engine of the product's own making; saved and loaded as bytes."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.left: int | None = None
        with patch.object(sqlite, "create_engine", self._create):
            self.engine = sqlite.open_sqlite(Path("memory"))
        # The database would go with its connection.
        self.engine.dispose = lambda **_: None
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _create(self, _address, **options):
        return create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)

    def _count(self, *_args: object) -> None:
        if self.left is not None:
            if self.left <= 0:
                raise Crash
            self.left -= 1

    def crash_after(self, statements: int | None) -> None:
        """Lose power after so many statements, and stay without it until None is set."""
        self.left = statements

    def save(self) -> bytes:
        return self.raw.serialize()

    def load(self, content: bytes) -> None:
        # Through the backup API: prepared statements don't survive having the pages swapped beneath them.
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(content)
            try:
                copy.backup(self.raw)
            except sqlite3.OperationalError:
                # A crash took its process with it, but its half-read cursors live here until they are collected.
                gc.collect()
                copy.backup(self.raw)

    def all(self, query: str, *values: object) -> list:
        return self.raw.execute(query, values).fetchall()

    def column(self, query: str, *values: object) -> list:
        return [row[0] for row in self.raw.execute(query, values)]


def _empty() -> bytes:
    # A database without a single page can't be saved.
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.executescript("CREATE TABLE page (n); DROP TABLE page")
        return raw.serialize()


EMPTY = _empty()


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
    with patch.object(ids, "os", system), patch.object(anchors, "os", system), patch.object(ids, "time", time):
        yield
