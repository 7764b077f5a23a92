"""Ways to write 2,000 rows in one transaction, over 100,000 old ones: receipts, new progress and progress again.

SQLite, and a PostgreSQL of its own with everything durable. The figure is the median of several rounds, commit and all.
"""

import argparse
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

from benchmarks.school import DATABASES, databases
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import writing
from lms_server.contract.upsert import insert_into
from lms_server.database.engine import open_database
from lms_server.database.tables import courses, lesson_progress, lessons, receipts, users
from lms_server.database.upgrade import create_schema
from tests import postgres

ROWS, OLD, ROUNDS = 2000, 100_000, 9
_AT = 1_700_000_000_000
# As the contract writes them.
PROGRESS = BulkInsert(
    lesson_progress,
    ("user_id", "lesson_id", "started_at", "start_command_id", "completed_at", "complete_command_id", "revision"),
    key=("user_id", "lesson_id"),
)
RECEIPTS = BulkInsert(receipts, ("user_id", "command_id", "fingerprint", "outcome", "code", "made_at", "received_at"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, action="append")
    for name in databases(parser.parse_args().database):
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
        for _ in range(ROUNDS):
            user, keys = learners.pop()
            took["receipts"].append(_timed(engine, write, RECEIPTS, _receipts(user, ROWS)))
            for kind in ("new progress", "progress again"):
                took[kind].append(_timed(engine, write, PROGRESS, _progress(user, keys[:ROWS])))
        figures = ", ".join(f"{kind} {statistics.median(times):.1f}" for kind, times in took.items())
        print(f"{name}, {way}: {figures} ms", flush=True)


def _timed(engine, write, insert, rows) -> float:
    start = time.perf_counter()
    with writing(engine) as conn:
        write(conn, insert, rows)
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
        PROGRESS.write(conn, _progress(1, keys))
        RECEIPTS.write(conn, _receipts(1, OLD))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
    return [(user, keys) for user in range(2, count + 2)]


def _progress(user, keys):
    return [(user, key, _AT, None, _AT, new_uuid7(), 1 + n // 500) for n, key in enumerate(keys)]


def _receipts(user, count):
    print_ = "complete_lesson 00000000-0000-4000-8000-000000000000"
    return [(user, new_uuid7(), print_, "applied", "ok", _AT, _AT) for _ in range(count)]


def contract(conn, insert, rows) -> None:
    insert.write(conn, rows)


def core(conn, insert, rows) -> None:
    conn.execute(_statement(conn, insert), [dict(zip(insert.columns, row, strict=True)) for row in rows])


def core_values(conn, insert, rows) -> None:
    for start in range(0, len(rows), 1000):
        some = rows[start : start + 1000]
        conn.execute(_statement(conn, insert).values([dict(zip(insert.columns, row, strict=True)) for row in some]))


def executemany(conn, insert, rows) -> None:
    conn.exec_driver_sql(f"{_head(insert)} VALUES {_marks(conn, insert)}{_conflict(insert)}", rows)


def values(conn, insert, rows) -> None:
    for start in range(0, len(rows), 1000):
        some = rows[start : start + 1000]
        marks = ", ".join([_marks(conn, insert)] * len(some))
        given = tuple(value for row in some for value in row)
        conn.exec_driver_sql(f"{_head(insert)} VALUES {marks}{_conflict(insert)}", given)


def json_each(conn, insert, rows) -> None:
    picks = ", ".join(f"value ->> {n}" for n in range(len(insert.columns)))
    # "WHERE true" tells SQLite's parser that ON is no join's.
    sql = f"{_head(insert)} SELECT {picks} FROM json_each(?) WHERE true{_conflict(insert)}"
    conn.exec_driver_sql(sql, (msgspec.json.encode(rows).decode(),))


def unnest_texts(conn, insert, rows) -> None:
    arrays = ", ".join(f"%s::{kind}[]" for kind in _kinds(insert))
    columns = tuple(map(list, zip(*rows, strict=True)))
    conn.exec_driver_sql(f"{_head(insert)} SELECT * FROM unnest({arrays}){_conflict(insert)}", columns)


def recordset(conn, insert, rows) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(insert.columns, _kinds(insert), strict=True))
    picks = ", ".join(insert.columns)
    sql = f"{_head(insert)} SELECT {picks} FROM jsonb_to_recordset(%s::jsonb) AS t({columns}){_conflict(insert)}"
    given = [dict(zip(insert.columns, row, strict=True)) for row in rows]
    conn.exec_driver_sql(sql, (msgspec.json.encode(given).decode(),))


def copy(conn, insert, rows) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(insert.columns, _kinds(insert), strict=True))
    cursor = conn.connection.cursor()
    cursor.execute(f"CREATE TEMPORARY TABLE incoming ({columns}) ON COMMIT DROP")
    with cursor.copy(f"COPY incoming ({', '.join(insert.columns)}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)
    cursor.execute(f"{_head(insert)} SELECT * FROM incoming{_conflict(insert)}")


def _statement(conn, insert):
    statement = insert_into(conn, insert.table)
    if not insert.key:
        return statement
    update = {name: statement.excluded[name] for name in insert.columns if name not in insert.key}
    return statement.on_conflict_do_update(index_elements=insert.key, set_=update)


def _head(insert) -> str:
    return f"INSERT INTO {insert.table.name} ({', '.join(insert.columns)})"


def _marks(conn, insert) -> str:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    return f"({', '.join([mark] * len(insert.columns))})"


def _conflict(insert) -> str:
    if not insert.key:
        return ""
    changed = ", ".join(f"{name} = excluded.{name}" for name in insert.columns if name not in insert.key)
    return f" ON CONFLICT ({', '.join(insert.key)}) DO UPDATE SET {changed}"


def _kinds(insert):
    types = [insert.table.c[name].type for name in insert.columns]
    return ["bigint" if isinstance(kind, BigInteger) else "text" for kind in types]


Way = Callable[..., None]
WAYS: dict[str, dict[str, Way]] = {
    "sqlite": {
        "the contract's way (executemany of tuples)": contract,
        "Core's executemany": core,
        "Core's multi-row VALUES": core_values,
        "multi-row VALUES": values,
        "one json_each": json_each,
    },
    "postgresql": {
        "the contract's way (unnest of binary arrays)": contract,
        "unnest of text arrays": unnest_texts,
        "Core's executemany": core,
        "executemany of tuples": executemany,
        "Core's multi-row VALUES": core_values,
        "multi-row VALUES": values,
        "one jsonb_to_recordset": recordset,
        "COPY to a temporary table": copy,
    },
}

if __name__ == "__main__":
    main()
