"""Statements that SQLite and PostgreSQL spell differently: insert on conflict, and what a long list names."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Self

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Join,
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


def picked(key: Column[Any], name: str) -> Join:
    """The rows of ``key``'s table that a list names, to select from: ``among_named`` for thousands of values.

    The list, in the parameters under this name, is walked as it is; ``among_named`` sorts it first, which takes as long
    as finding the rows. A value that comes twice picks its row twice.
    """
    values = bindparam(name, type_=_listed(key))
    return _ListFirst(_Each(values).table_valued("value", name="value"), key.table, _IsPicked(key, values))


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


class _Each(FunctionElement[Any]):
    """The values as a table on SQLite. On PostgreSQL it is one row, and the condition looks into the array.

    PostgreSQL can't tell how long a list is, takes it for a large table, and plans accordingly.
    """

    inherit_cache = True


@compiles(_Each, "sqlite")
def _each_sqlite(element: _Each, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Each, "postgresql")
def _each_postgresql(_element: _Each, _compiler: SQLCompiler, **_options: Any) -> str:
    return "(SELECT 1)"


class _IsPicked(_Among):
    inherit_cache = True


@compiles(_IsPicked, "sqlite")
def _is_picked_sqlite(element: _IsPicked, compiler: SQLCompiler, **options: Any) -> str:
    key, _ = element.clauses
    return f"{compiler.process(key, **options)} = value.value"


class _ListFirst(Join):
    """A list joined with a table, in this order also for SQLite.

    Left to itself it makes the list the inner loop, and reads all that the learner ever did, once for each value.
    """

    inherit_cache = True


@compiles(_ListFirst, "sqlite")
def _list_first_sqlite(element: _ListFirst, compiler: SQLCompiler, **options: Any) -> str:
    assert element.onclause is not None  # noqa: S101 # a join with a list always has one
    # Core would miss a column of the list's in the condition.
    options |= {"asfrom": True, "from_linter": None}
    values, table = (compiler.process(side, **options) for side in (element.left, element.right))
    # A cross join stays in the order in which it is written.
    return f"{values} CROSS JOIN {table} ON {compiler.process(element.onclause, **options)}"


def _listed(key: ColumnElement[Any]) -> _Listed:
    return _Listed(is_number=isinstance(key.type, BigInteger))
