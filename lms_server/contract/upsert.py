"""Statements that SQLite and PostgreSQL spell differently: insert on conflict, and membership in a long list."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Self

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    String,
    Table,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine


def insert_into(conn: Connection, table: Table) -> Any:
    """An insert that can say ``on_conflict_do_nothing`` or ``on_conflict_do_update`` in this database's dialect."""
    if conn.dialect.name == "postgresql":
        # Loaded with the engine on a server; a desktop starts without it.
        return import_module("sqlalchemy.dialects.postgresql").insert(table)
    return sqlite.insert(table)


def among(key: ColumnElement[Any], values: Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """``key IN values`` with one parameter for any number of values, so that the statement's text never changes."""
    return _Among(key, bindparam(None, values, _listed(key), unique=True))


def among_named(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``among`` for a statement that is made once: the values come with the parameters, under this name."""
    return _Among(key, bindparam(name, type_=_listed(key)))


class _Listed(TypeDecorator[Iterable[Any]]):
    """A list as one parameter: an array where there are arrays, else JSON."""

    impl = String
    cache_ok = True

    def __init__(self, *, is_number: bool) -> None:
        super().__init__()
        self.is_number = is_number

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(BigInteger() if self.is_number else String()))
        return dialect.type_descriptor(String())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        listed = list(value or ())
        return listed if dialect.name == "postgresql" else msgspec.json.encode(listed).decode()


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 # Core's signature
        """It is a condition as it stands: SQLite without booleans would compare it with 1, and leave the index."""
        return self


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    key, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({key} IN (SELECT value FROM json_each({values})))"


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    key, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({key} = ANY ({values}))"


def _listed(key: ColumnElement[Any]) -> _Listed:
    return _Listed(is_number=isinstance(key.type, BigInteger))
