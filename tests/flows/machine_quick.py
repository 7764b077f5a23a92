"""A short way from the product's statements to SQLite: Core's own compiler, without its execution around it.

A schedule runs some hundred statements. Each takes SQLite microseconds, and Core ten times that. What is executed is
the same, in the same transactions: ``test_machine`` runs schedules both ways and compares everything.
"""

import sqlite3
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Engine, exc
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData


class Answer(IteratorResult):
    """The rows of a statement, or how many it changed."""

    rowcount = -1


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
        names = [column.keyname for column in columns]
        self.shape = SimpleResultMetaData(names, _processors=processors if any(processors) else None) if names else None

    def bind(self, cacheable, values):
        """The statement's text and its values in their order."""
        return self._written_out(self._found(cacheable, values)).with_values({})

    def ready(self, cacheable, names) -> "Ready | None":
        """For a statement that stays: all but the values of these names, or None where their number makes its text."""
        if not self.grown.isdisjoint(names):
            return None
        ready = self._written_out(self._found(cacheable, {}, is_complete=False))
        return ready if set(names) <= ready.found.keys() else None

    def _found(self, cacheable, values, *, is_complete: bool = True):
        _, extracted, collected = cacheable or (None, None, None)
        return self.compiled.construct_params(
            values,
            escape_names=False,
            extracted_parameters=extracted,
            _collected_params=collected,
            _check=is_complete,
        )

    def _written_out(self, found) -> "Ready":
        text, places, processors = self.compiled.string, self.compiled.positiontup, self.compiled._bind_processors
        if self.grown:
            wide = self.compiled._process_parameters_for_postcompile(found)
            text, places, processors = wide.statement, wide.positiontup, processors | wide.processors
        return Ready(text, [(name, processors.get(name)) for name in places], found)


class Ready:
    """A statement's text, the places in it, and the values that stand in it already."""

    def __init__(self, text, places, found) -> None:
        self.text, self.places, self.found = text, places, found

    def with_values(self, values):
        """The text and all values in their order."""
        found = self.found
        chosen = [(values[name] if name in values else found[name], process) for name, process in self.places]
        return self.text, [value if process is None else process(value) for value, process in chosen]


class QuickConnection:
    """What the product uses of a connection."""

    def __init__(self, engine: "QuickEngine") -> None:
        self._engine, self._cursor = engine, engine.raw.cursor()
        self._options: dict[str, object] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_exc: object) -> None:
        self._cursor.close()

    @property
    def dialect(self):
        return self._engine.dialect

    def execution_options(self, **options: object):
        self._options |= options
        return self

    def get_execution_options(self):
        return self._options

    def begin(self):
        for listener in self._engine.dispatch.begin:
            listener(self)
        return Transaction(self._engine.raw)

    def execute(self, statement, values=None):
        many = values if isinstance(values, list) else None
        if many is not None and len(many) == 1:
            many, values = None, many[0]
        plan, bind = self._engine.plan(statement, tuple((many[0] if many else values) or ()), is_many=bool(many))
        if many:
            bound = [bind(row) for row in many]
            return self._run(bound[0][0], [row[1] for row in bound], plan.shape, is_many=True)
        return self._run(*bind(values or {}), plan.shape)

    def exec_driver_sql(self, text: str, values=()):
        return self._run(text, values, None, is_many=isinstance(values, list))

    def _run(self, text, values, shape, *, is_many: bool = False) -> Answer:
        self._engine.count()
        cursor = self._cursor
        try:
            if is_many and shape is not None:
                rows = [row for each in values for row in cursor.execute(text, each).fetchall()]
            else:
                (cursor.executemany if is_many else cursor.execute)(text, values)
                rows = cursor.fetchall() if cursor.description else ()
        except sqlite3.Error as error:
            raise exc.DBAPIError.instance(text, values, error, sqlite3.Error, dialect=self.dialect) from error
        if shape is None and cursor.description:
            shape = SimpleResultMetaData([column[0] for column in cursor.description])
        answer = Answer(shape or _NOTHING, iter(rows))
        answer.rowcount = cursor.rowcount
        return answer


class QuickEngine(Engine):
    """An engine of one connection. ``is_slow`` hands everything to Core again; making tables needs it."""

    raw: sqlite3.Connection
    is_slow = True

    @classmethod
    def of(cls, engine: Engine, raw: sqlite3.Connection, count) -> "QuickEngine":
        """This engine, whose one connection is ``raw``; ``count`` hears of each statement."""
        engine.__class__ = cls
        engine.raw, engine.count = raw, count
        return engine

    def connect(self):
        return super().connect() if self.is_slow else QuickConnection(self)

    @contextmanager
    def begin(self):
        with self.connect() as conn, conn.begin():
            yield conn

    def plan(self, statement, names, *, is_many: bool):
        """How to run this statement with values of these names, and what puts them in."""
        kept = statement.__dict__.get(_KEPT)
        # A statement that was made from this one has its attributes, but isn't it.
        if kept is not None and kept[:3] == (id(statement), names, is_many):
            return kept[3:]
        # Rows that stand in the statement itself can't be told apart from its text.
        cacheable = statement._generate_cache_key()
        found = _PLANS.get((cacheable[0], names, is_many)) if cacheable else None
        if found is None:
            found = self._compile(statement, cacheable, names, is_many=is_many)
            return found, partial(found.bind, cacheable)
        ready = found.ready(cacheable, names)
        if ready is None:
            return found, partial(found.bind, cacheable)
        statement.__dict__[_KEPT] = (id(statement), names, is_many, found, ready.with_values)
        return found, ready.with_values

    def _compile(self, statement, cacheable, names, *, is_many: bool) -> Plan:
        compiled = statement._compiler(
            self.dialect, cache_key=cacheable, column_keys=sorted(names), for_executemany=is_many
        )
        found = Plan(compiled, self.dialect)
        if cacheable:
            _PLANS[cacheable[0], names, is_many] = found
        return found


class Transaction:
    """Committed at the end, rolled back by an exception."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._raw.commit()
        else:
            self._raw.rollback()


_KEPT = "_machine_keeps"
_NOTHING = SimpleResultMetaData([])
_PLANS: dict[tuple, Plan] = {}
