"""The machine's server on PostgreSQL: what ``Memory`` is for SQLite."""

from functools import cached_property

import psycopg
from sqlalchemy import Boolean, event

from lms_server.database.engine import open_database
from lms_server.database.tables import metadata
from tests.flows.machine_memory import Content, Crash, Memory


class Postgres:
    """A database of a running server, under the product's own engine; an onlooker has a connection of its own."""

    def __init__(self, address: str) -> None:
        self.engine = open_database(address)
        self._onlooker = psycopg.connect(address.replace("+psycopg", ""), autocommit=True)
        self._left: int | None = None
        self._seen: tuple[str, object] | None = None
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, *_args: object) -> None:
        if self._left is not None:
            if self._left <= 0:
                raise Crash
            self._left -= 1

    def crash_after(self, statements: int | None) -> None:
        self._left = statements

    def be_quick(self) -> None:
        """There is no shorter way."""

    def save(self) -> Content:
        return {table.name: self.all(f"SELECT * FROM {table.name} ORDER BY id") for table in metadata.sorted_tables}

    def load(self, content: Content) -> None:
        with self._onlooker.transaction(), self._onlooker.cursor() as cursor:
            cursor.execute(self._emptying)
            for table in metadata.sorted_tables:
                if rows := [_typed(table, row) for row in content[table.name]]:
                    marks = ",".join(["%s"] * len(rows[0]))
                    cursor.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)
            cursor.execute(self._counting)

    def run(self, statement: str, *values: object) -> None:
        self._onlooker.execute(statement.replace("?", "%s"), values)

    def close(self) -> None:
        self._onlooker.close()
        self.engine.dispose()

    def seen(self, look):
        """``look.of`` this database, looked at again only when something may have been written since."""
        [now] = self.column("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        if self._seen is None or self._seen[0] != now:
            self._seen = now, look.of(self)
        return self._seen[1]

    def all(self, query: str, *values: object) -> list:
        return self._onlooker.execute(query.replace("?", "%s"), values).fetchall()

    def column(self, query: str, *values: object) -> list:
        return [row[0] for row in self.all(query, *values)]

    @cached_property
    def _emptying(self) -> str:
        return "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))

    @cached_property
    def _counting(self) -> str:
        """Rows come with their numbers, which PostgreSQL's counters don't notice."""
        last = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), coalesce(max(id), 0) + 1, false) FROM {0}"
        return "; ".join(last.format(table.name) for table in metadata.sorted_tables)


Database = Memory | Postgres


def _typed(table, row: tuple) -> tuple:
    """What SQLite keeps as numbers is a truth here."""
    pairs = zip(table.columns, row, strict=True)
    return tuple(value == 1 if isinstance(column.type, Boolean) else value for column, value in pairs)
