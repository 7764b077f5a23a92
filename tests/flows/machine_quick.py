"""A short way from the product's statements to SQLite: Core's own compiler, without its execution around it.

A schedule runs some hundred statements. Each takes SQLite microseconds, and Core ten times that. What is executed is
the same, in the same transactions: ``test_machine`` runs schedules both ways and compares everything.
"""

import sqlite3
from collections import namedtuple
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import Engine, exc


class Answer:
    """The rows of a statement, or how many it changed: what the product uses of Core's result."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list, rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self):
        return iter(self._rows)

    def all(self) -> list:
        return self._rows

    def first(self):
        return self._rows[0] if self._rows else None

    def one_or_none(self):
        if len(self._rows) > 1:
            raise exc.MultipleResultsFound
        return self.first()

    def one(self):
        if not self._rows:
            raise exc.NoResultFound
        return self.one_or_none()

    def scalars(self) -> "Answer":
        return Answer([row[0] for row in self._rows], self.rowcount)

    def scalar(self):
        return self.scalars().first()

    def scalar_one(self):
        return self.one()[0]

    def scalar_one_or_none(self):
        return self.scalars().one_or_none()


class Shape:
    """What comes out of a statement: rows with these names, each value read in its own way."""

    def __init__(self, names, processors=()) -> None:
        self._make = partial(tuple.__new__, _row_of(tuple(names)))
        self._to_read = [(index, read) for index, read in enumerate(processors) if read is not None]

    def rows(self, found: list) -> list:
        if self._to_read:
            found = [list(row) for row in found]
            for row in found:
                for index, read in self._to_read:
                    row[index] = read(row[index])
        return list(map(self._make, found))


@cache
def _row_of(names: tuple[str, ...]) -> type:
    return namedtuple("Row", names, rename=True)  # noqa: PYI024 # names known only now


class Plan:
    """One statement made ready: its text, and what goes in and comes out."""

    def __init__(self, compiled, dialect) -> None:
        assert not compiled.insert_prefetch, "a default made in Python"
        assert not compiled.update_prefetch, "a default made in Python"
        self.compiled = compiled
        grown = compiled.post_compile_params | compiled.literal_execute_params
        self.grown = {compiled.bind_names[parameter] for parameter in grown}
        columns = compiled._result_columns
        processors = [column.type._cached_result_processor(dialect, None) for column in columns]
        self.shape = Shape([column.keyname for column in columns], processors) if columns else None

    def bind(self, cacheable, values) -> "Ready":
        """The statement with these values alone."""
        return self._written_out(self._found(cacheable, values), ())

    def ready(self, cacheable, names) -> "Ready":
        """For a statement that stays: all but the values of these names, whose number mustn't make its text."""
        return self._written_out(self._found(cacheable, {}, is_complete=False), names)

    def _found(self, cacheable, values, *, is_complete: bool = True):
        _, extracted, collected = cacheable or (None, None, None)
        return self.compiled.construct_params(
            values,
            escape_names=False,
            extracted_parameters=extracted,
            _collected_params=collected,
            _check=is_complete,
        )

    def _written_out(self, found, names) -> "Ready":
        text, places, processors = self.compiled.string, self.compiled.positiontup, self.compiled._bind_processors
        if self.grown:
            wide = self.compiled._process_parameters_for_postcompile(found)
            text, places, processors = wide.statement, wide.positiontup, processors | wide.processors
        return Ready(self.shape, text, [(name, processors.get(name)) for name in places], found, names)


class Ready:
    """A statement's text, the values that stand in it already, and the places of those that come with each call."""

    def __init__(self, shape, text, places, found, names) -> None:
        self.shape, self.text, self.names = shape, text, names
        # Whose it is; a statement that was made from that one has its attributes, and this among them.
        self.statement: object = None
        self._open = [(index, name, write) for index, (name, write) in enumerate(places) if name in names]
        self._standing = [
            None if name in names else write(found[name]) if write else found[name] for name, write in places
        ]

    def with_values(self, values) -> list:
        """All values in their order."""
        row = self._standing.copy()
        for index, name, write in self._open:
            row[index] = values[name] if write is None else write(values[name])
        return row


class QuickConnection:
    """What the product uses of a connection."""

    def __init__(self, engine: "QuickEngine") -> None:
        self._engine, self._cursor, self._power = engine, engine.cursor, engine.power
        self._options: dict[str, object] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    @property
    def dialect(self):
        return self._engine.dialect

    def execution_options(self, **options: object):
        self._options |= options
        return self

    def get_execution_options(self):
        return self._options

    def begin(self):
        return Transaction(self)

    def execute(self, statement, values=None):
        if isinstance(values, list):
            if len(values) > 1:
                return self._execute_many(statement, values)
            values = values[0]
        ready, names = statement.__dict__.get(_KEPT), tuple(values) if values else ()
        if ready is None or ready.statement is not statement or ready.names != names:
            ready = self._engine.ready(statement, values or {}, names)
        return self._run(ready.text, ready.with_values(values), ready.shape)

    def _execute_many(self, statement, rows) -> Answer:
        names = tuple(rows[0])
        ready = statement.__dict__.get(_KEPT_MANY)
        if ready is None or ready.statement is not statement or ready.names != names:
            ready = self._engine.ready_for_many(statement, names)
        return self._run_many(ready.text, [ready.with_values(row) for row in rows], ready.shape)

    def exec_driver_sql(self, text: str, values=()):
        return self._run_many(text, values, None) if isinstance(values, list) else self._run(text, values, None)

    def _run(self, text, values, shape) -> Answer:
        cursor, power = self._cursor, self._power
        if power.left is not None:
            power.count()
        try:
            found = cursor.execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise self._told_as_by_core(error, text, values) from error
        if found:
            found = (shape or Shape(column[0] for column in cursor.description)).rows(found)
        return Answer(found, cursor.rowcount)

    def _run_many(self, text, rows, shape) -> Answer:
        cursor, power, found = self._cursor, self._power, []
        if power.left is not None:
            power.count()
        try:
            if shape is None:
                cursor.executemany(text, rows)
            else:
                found = shape.rows([row for values in rows for row in cursor.execute(text, values).fetchall()])
        except sqlite3.Error as error:
            raise self._told_as_by_core(error, text, rows) from error
        return Answer(found, cursor.rowcount)

    def _told_as_by_core(self, error, text, values) -> exc.DBAPIError:
        return exc.DBAPIError.instance(text, values, error, sqlite3.Error, dialect=self.dialect)


class Transaction:
    """Begins as the product wants it; committed at the end, rolled back by an exception."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection, self._engine = connection, connection._engine
        for begin in self._engine.begins:
            begin(connection)

    def __enter__(self) -> QuickConnection:
        return self._connection

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._engine.raw.commit()
        else:
            self._engine.raw.rollback()


class QuickEngine(Engine):
    """An engine of one connection. ``is_slow`` hands everything to Core again; making tables needs it."""

    raw: sqlite3.Connection
    cursor: sqlite3.Cursor
    power: Any
    is_slow = True

    @classmethod
    def of(cls, engine: Engine, raw: sqlite3.Connection, power) -> "QuickEngine":
        """This engine, whose one connection is ``raw``; ``power`` counts statements while it is about to go."""
        engine.__class__ = cls
        quick = cast("QuickEngine", engine)
        quick.raw, quick.cursor, quick.power = raw, raw.cursor(), power
        return quick

    def be_quick(self) -> None:
        """The tables are there, and so is who wants to hear of a transaction's begin."""
        self.begins = tuple(self.dispatch.begin)
        self.is_slow = False

    def connect(self):
        return super().connect() if self.is_slow else QuickConnection(self)

    def begin(self):
        return super().begin() if self.is_slow else Transaction(QuickConnection(self))

    def ready(self, statement, values, names) -> Ready:
        """How to run this statement with these values; kept for values of the same names."""
        plan, cacheable = self._plan(statement, names, is_many=False)
        if not plan.grown.isdisjoint(names):
            return plan.bind(cacheable, values)
        return _keep(statement, _KEPT, plan.ready(cacheable, names))

    def ready_for_many(self, statement, names) -> Ready:
        """How to run this statement for many rows of such values."""
        plan, cacheable = self._plan(statement, names, is_many=True)
        assert plan.grown.isdisjoint(names), "each row would have its own text"
        return _keep(statement, _KEPT_MANY, plan.ready(cacheable, names))

    def _plan(self, statement, names, *, is_many: bool):
        # Rows that stand in the statement itself can't be told apart from its text.
        cacheable = statement._generate_cache_key()
        plan = _PLANS.get((cacheable[0], names, is_many)) if cacheable else None
        return plan or self._compile(statement, cacheable, names, is_many=is_many), cacheable

    def _compile(self, statement, cacheable, names, *, is_many: bool) -> Plan:
        compiled = statement._compiler(
            self.dialect, cache_key=cacheable, column_keys=sorted(names), for_executemany=is_many
        )
        found = Plan(compiled, self.dialect)
        if cacheable:
            _PLANS[cacheable[0], names, is_many] = found
        return found


def _keep(statement, name: str, ready: Ready) -> Ready:
    ready.statement = statement
    statement.__dict__[name] = ready
    return ready


_KEPT, _KEPT_MANY = "_machine_keeps", "_machine_keeps_for_many"
_PLANS: dict[tuple, Plan] = {}
