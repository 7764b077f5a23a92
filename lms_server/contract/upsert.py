"""Statements that SQLite and PostgreSQL spell differently: insert on conflict, and membership in a long list."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

Insert = sqlite.Insert | postgresql.Insert


def insert_into(conn: Connection, table: Table) -> Any:
    """An insert that can say ``on_conflict_do_nothing`` or ``on_conflict_do_update`` in this database's dialect."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def among(conn: Connection, key: ColumnElement[Any], values: Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """``key IN values`` with one parameter for any number of values, so that the statement's text never changes."""
    listed = list(values)
    if conn.dialect.name == "postgresql":
        kind = BigInteger() if isinstance(key.type, BigInteger) else String()
        return key == func.any(cast(literal(listed, ARRAY(kind)), ARRAY(kind)))
    each = func.json_each(bindparam(None, json.dumps(listed), String())).table_valued(column("value"))
    return key.in_(select(each.c.value))
