"""Ways to write 2,000 rows in one transaction, over 100,000 old ones: receipts, new progress and progress again.

SQLite, and a PostgreSQL of its own with everything durable. The figure is the median of several rounds, commit and all.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec  # the project's root comes first
from sqlalchemy import BigInteger, insert

from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import writing
from lms_server.contract.upsert import insert_into
from lms_server.database.engine import open_database
from lms_server.database.tables import courses, lesson_progress, lessons, receipts, users
from lms_server.database.upgrade import create_schema
from tests import postgres

ROWS, OLD, ROUNDS = 2000, 100_000, 9
_AT = 1_700_000_000_000
PROGRESS = ("user_id", "lesson_id", "started_at", "start_command_id", "completed_at", "complete_command_id", "revision")
RECEIPTS = ("user_id", "command_id", "fingerprint", "outcome", "code", "made_at", "received_at")
KEYS = {"lesson_progress": ("user_id", "lesson_id"), "receipts": ()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    for name in parser.parse_args().database or ["sqlite", "postgresql"]:
        with _engine(name) as engine:
            _measure(name, engine)


@contextmanager
def _engine(name):
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.running(postgres.programs()) if name == "postgresql" else nullcontext(None)
        with server as address, postgres.database(address) if address else nullcontext(None) as url:
            engine = open_database(url or f"sqlite:///{folder}/server.sqlite3")
            create_schema(engine)
            yield engine
            engine.dispose()


def _measure(name, engine) -> None:
    learners = _fill(engine)
    for way, write in WAYS[name].items():
        took = {"receipts": [], "new progress": [], "progress again": []}
        try:
            for _ in range(ROUNDS):
                user, keys = learners.pop()
                took["receipts"].append(_timed(engine, write, receipts, _receipts(user, ROWS)))
                took["new progress"].append(_timed(engine, write, lesson_progress, _progress(user, keys[:ROWS])))
                took["progress again"].append(_timed(engine, write, lesson_progress, _progress(user, keys[:ROWS])))
        finally:
            pass
        figures = ", ".join(f"{kind} {statistics.median(times):.1f}" for kind, times in took.items())
        print(f"{name}, {way}: {figures} ms", flush=True)


def _timed(engine, write, table, rows) -> float:
    start = time.perf_counter()
    with writing(engine) as conn:
        write(conn, table, rows)
    return (time.perf_counter() - start) * 1000


def _fill(engine):
    """Learners with nothing yet, beside one with ``OLD`` rows in each table."""
    count = ROUNDS * max(len(ways) for ways in WAYS.values())
    with writing(engine) as conn:
        conn.execute(insert(courses).values(uid=new_uuid4(), slug="c", revision=1))
        uids = [new_uuid4() for _ in range(OLD)]
        conn.execute(insert(lessons), [{"uid": uid, "course_id": 1, "order": n} for n, uid in enumerate(uids)])
        rows = [{"uid": new_uuid4(), "name": "A", "email": f"{n}@x", "email_key": f"{n}@x"} for n in range(count + 1)]
        conn.execute(insert(users), rows)
        keys = [row.id for row in conn.execute(lessons.select())]
        conn.execute(insert(lesson_progress), _progress(1, keys))
        conn.execute(insert(receipts), _receipts(1, OLD))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
    return [(user, keys) for user in range(2, count + 2)]


def _progress(user, keys):
    rows = [(user, key, _AT, None, _AT, new_uuid7(), 1 + n // 500) for n, key in enumerate(keys)]
    return [dict(zip(PROGRESS, row, strict=True)) for row in rows]


def _receipts(user, count):
    print_ = "complete_lesson 00000000-0000-4000-8000-000000000000"
    rows = [(user, new_uuid7(), print_, "applied", "ok", _AT, _AT) for _ in range(count)]
    return [dict(zip(RECEIPTS, row, strict=True)) for row in rows]


def _statement(conn, table):
    statement = insert_into(conn, table)
    keys = KEYS[table.name]
    if not keys:
        return statement
    update = {name: statement.excluded[name] for name in PROGRESS if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=update)


def _conflict(table) -> str:
    keys = KEYS[table.name]
    if not keys:
        return ""
    changed = ", ".join(f"{name} = excluded.{name}" for name in PROGRESS if name not in keys)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"


def _head(table, rows) -> str:
    return f"INSERT INTO {table.name} ({', '.join(rows[0])})"


def core(conn, table, rows) -> None:
    conn.execute(_statement(conn, table), rows)


def driver_now(conn, table, rows) -> None:
    """What the contract does now."""
    compiled = _statement(conn, table).compile(dialect=conn.dialect, column_keys=list(rows[0]))
    names = compiled.positiontup
    conn.exec_driver_sql(compiled.string, rows if names is None else [tuple(row[n] for n in names) for row in rows])


def driver_tuples(conn, table, rows) -> None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    sql = f"{_head(table, rows)} VALUES ({', '.join([mark] * len(rows[0]))}){_conflict(table)}"
    conn.exec_driver_sql(sql, [tuple(row.values()) for row in rows])


def core_values(conn, table, rows) -> None:
    for start in range(0, len(rows), 1000):
        conn.execute(_statement(conn, table).values(rows[start : start + 1000]))


def values(conn, table, rows) -> None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    one = f"({', '.join([mark] * len(rows[0]))})"
    for start in range(0, len(rows), 1000):
        some = rows[start : start + 1000]
        sql = f"{_head(table, rows)} VALUES {', '.join([one] * len(some))}{_conflict(table)}"
        conn.exec_driver_sql(sql, tuple(value for row in some for value in row.values()))


def json_each(conn, table, rows) -> None:
    picks = ", ".join(f"value ->> {n}" for n in range(len(rows[0])))
    # "WHERE true" tells SQLite's parser that ON is no join's.
    sql = f"{_head(table, rows)} SELECT {picks} FROM json_each(?) WHERE true{_conflict(table)}"
    conn.exec_driver_sql(sql, (json.dumps([list(row.values()) for row in rows]),))


def _kinds(table, names):
    return ["bigint" if isinstance(table.c[name].type, BigInteger) else "text" for name in names]


def unnest(conn, table, rows) -> None:
    names = list(rows[0])
    arrays = ", ".join(f"%s::{kind}[]" for kind in _kinds(table, names))
    columns = tuple([row[name] for row in rows] for name in names)
    conn.exec_driver_sql(f"{_head(table, rows)} SELECT * FROM unnest({arrays}){_conflict(table)}", columns)


def recordset(conn, table, rows) -> None:
    _from_json(conn, table, rows, "jsonb_to_recordset(%s::jsonb)")


def json_recordset(conn, table, rows) -> None:
    _from_json(conn, table, rows, "json_to_recordset(%s::json)")


def _from_json(conn, table, rows, source) -> None:
    names = list(rows[0])
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, _kinds(table, names), strict=True))
    sql = f"{_head(table, rows)} SELECT {', '.join(names)} FROM {source} AS t({columns}){_conflict(table)}"
    conn.exec_driver_sql(sql, (msgspec.json.encode(rows).decode(),))


def copy(conn, table, rows) -> None:
    names = list(rows[0])
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, _kinds(table, names), strict=True))
    cursor = conn.connection.cursor()
    cursor.execute(f"CREATE TEMPORARY TABLE incoming ({columns}) ON COMMIT DROP")
    with cursor.copy(f"COPY incoming ({', '.join(names)}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(tuple(row.values()))
    cursor.execute(f"{_head(table, rows)} SELECT * FROM incoming{_conflict(table)}")


Way = Callable[..., None]
WAYS: dict[str, dict[str, Way]] = {
    "sqlite": {
        "Core executemany": core,
        "driver executemany as now": driver_now,
        "driver executemany of tuples": driver_tuples,
        "Core multi-row VALUES": core_values,
        "multi-row VALUES": values,
        "one json_each": json_each,
    },
    "postgresql": {
        "Core executemany": core,
        "driver executemany as now": driver_now,
        "driver executemany of tuples": driver_tuples,
        "Core multi-row VALUES": core_values,
        "multi-row VALUES": values,
        "one unnest": unnest,
        "one jsonb_to_recordset": recordset,
        "one json_to_recordset": json_recordset,
        "COPY to a temporary table": copy,
    },
}

if __name__ == "__main__":
    os.environ.setdefault("LMS_BENCH", "1")
    main()
