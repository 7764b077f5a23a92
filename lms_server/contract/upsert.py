"""Statements that SQLite and PostgreSQL spell differently: insert on conflict, and membership in a long list."""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    Table,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import sqlite

_LONG_LIST = 50


def insert_into(conn: Connection, table: Table) -> Any:
    """An insert that can say ``on_conflict_do_nothing`` or ``on_conflict_do_update`` in this database's dialect."""
    if conn.dialect.name == "postgresql":
        # Loaded with the engine on a server; a desktop starts without it.
        return import_module("sqlalchemy.dialects.postgresql").insert(table)
    return sqlite.insert(table)


def write_rows(conn: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """One insert for all rows, values by column name; nothing for no rows.

    Core looks at each value of each row again, which costs as much as SQLite's own work; a long list of plain
    numbers and texts goes straight to the driver.
    """
    if len(rows) < _LONG_LIST:
        if rows:
            conn.execute(statement, rows)
        return
    compiled = statement.compile(dialect=conn.dialect, column_keys=list(rows[0]))
    names = compiled.positiontup
    plain = rows if names is None else [tuple(row[name] for name in names) for row in rows]
    conn.exec_driver_sql(compiled.string, plain)


def among(conn: Connection, key: ColumnElement[Any], values: Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """``key IN values`` with one parameter for any number of values, so that the statement's text never changes."""
    listed = list(values)
    if conn.dialect.name == "postgresql":
        kind = BigInteger() if isinstance(key.type, BigInteger) else String()
        return key == func.any(cast(literal(listed, ARRAY(kind)), ARRAY(kind)))
    each = func.json_each(bindparam(None, json.dumps(listed), String())).table_valued(column("value"))
    return key.in_(select(each.c.value))
