"""Many rows in one or two statements, whatever their number: the fastest well-kept way of each database."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, Table

Values = tuple[Any, ...]
# Rows that SQLite takes in one step. Python gives up its lock and asks for it again around each, which for one row
# costs nearly as much as the row; more than this gains nothing.
_TOGETHER = 50


@dataclass(frozen=True, eq=False)
class BulkInsert:
    """An insert into ``columns``, its text made once for each database.

    With ``key`` a row that is there is replaced: its other columns take the new values, and those of ``computed`` what
    this SQL makes of both rows. Core would look at each value of each row again: as much work as SQLite's own.
    """

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    computed: tuple[tuple[str, str], ...] = ()

    def write(self, conn: Connection, rows: Sequence[Values]) -> None:
        """Write rows of plain values, in the order of ``columns``; nothing for no rows."""
        if not rows:
            return
        if conn.dialect.name == "postgresql":
            # One array a column; binary, since psycopg writes and reads texts ten times slower.
            conn.exec_driver_sql(self._postgresql, tuple(map(list, zip(*rows, strict=True))))
            return
        whole = len(rows) - len(rows) % _TOGETHER
        if whole:
            conn.exec_driver_sql(self._sqlite(_TOGETHER), [_flat(rows, at) for at in range(0, whole, _TOGETHER)])
        if whole < len(rows):
            conn.exec_driver_sql(self._sqlite(1), list(rows[whole:]))

    @cache  # noqa: B019 # each lives as long as its module
    def _sqlite(self, together: int) -> str:
        marks = f"({', '.join('?' for _ in self.columns)})"
        return f"{self._head} VALUES {', '.join([marks] * together)}{self._on_conflict}"

    @cached_property
    def _postgresql(self) -> str:
        arrays = ", ".join(f"%b::{_kind(self.table.c[name])}[]" for name in self.columns)
        return f"{self._head} SELECT * FROM unnest({arrays}){self._on_conflict}"

    @property
    def _head(self) -> str:
        return f"INSERT INTO {self.table.name} ({', '.join(map(_quoted, self.columns))})"

    @property
    def _on_conflict(self) -> str:
        if not self.key:
            return ""
        replaced = {name: f"excluded.{_quoted(name)}" for name in self.columns if name not in self.key}
        changes = ", ".join(f"{_quoted(name)} = {value}" for name, value in (replaced | dict(self.computed)).items())
        return f" ON CONFLICT ({', '.join(map(_quoted, self.key))}) DO UPDATE SET {changes}"


def _flat(rows: Sequence[Values], at: int) -> Values:
    return tuple(chain.from_iterable(rows[at : at + _TOGETHER]))


@cache
def _quoted(name: str) -> str:
    return f'"{name}"'


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, Boolean):
        return "boolean"
    if isinstance(column.type, BigInteger | Integer):
        return "bigint"
    return "bytea" if isinstance(column.type, LargeBinary) else "text"
