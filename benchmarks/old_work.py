"""Years of old work, put straight into a server's tables; the doctor calls it sound."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from benchmarks.school import Course, School
from lms_server.contract.commands import Code, CompleteLesson, Enroll, Outcome, fingerprint
from lms_server.contract.digest import Digest
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import lessons, streams, users

_LONGEST_COURSE = 5000
# One sync of the past brought so many completions, and took a revision.
_ROWS_A_SYNC = 10
_AT = 1_700_000_000_000
_CHUNK = 100_000
_COLUMNS = {
    "anchors": ("stream", "revision", "tag"),
    "enrollments": ("user_id", "course_id", "enrolled_at", "command_id", "revision"),
    "lesson_progress": ("user_id", "lesson_id", "started_at", "completed_at", "complete_command_id", "revision"),
    "receipts": ("user_id", "command_id", "fingerprint", "outcome", "code", "made_at", "received_at"),
}


def grow(school: School, total: int, learners: int) -> None:
    """``total`` old completions, shared by so many new learners."""
    rows = [
        {"uid": new_uuid4(), "name": f"L {n}", "email": f"old{n}@x", "email_key": f"old{n}@x"} for n in range(learners)
    ]
    with writing(school.context.engine) as conn:
        conn.execute(insert(users), rows)
        conn.execute(insert(streams), [{"stream": row["uid"], "revision": 0} for row in rows])
        fill(conn, "anchors", [(row["uid"], 0, os.urandom(8)) for row in rows])
        found = conn.execute(select(users.c.id, users.c.uid).where(users.c.email.like("old%@x")))
        past = [_Past(*row, Digest(row.uid)) for row in found]
    _study(school, past, total // learners)


def grow_own(school: School, email: str, total: int) -> None:
    """``total`` old completions of one learner who is there already and did nothing yet."""
    with reading(school.context.engine) as conn:
        row = conn.execute(select(users.c.id, users.c.uid).where(users.c.email == email)).one()
    _study(school, [_Past(*row, Digest(row.uid))], total)


@dataclass
class _Past:
    """One learner's old work, as far as it was written."""

    id: int
    uid: str
    facts: Digest
    revision: int = 0


@dataclass
class _Books:
    """Rows on their way into the tables, many at a time."""

    conn: Connection
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in _COLUMNS})

    def take_revision(self, one: _Past) -> None:
        one.revision += 1
        self.rows["anchors"].append((one.uid, one.revision, os.urandom(8)))

    def enroll(self, one: _Past, course: Course) -> None:
        command = Enroll(new_uuid7(), course.uid, _AT)
        self.rows["enrollments"].append((one.id, course.id, _AT, command.id, one.revision))
        self._settled(one, command, "e", course.uid)

    def complete(self, one: _Past, key: int, uid: str) -> None:
        command = CompleteLesson(new_uuid7(), uid, _AT)
        self.rows["lesson_progress"].append((one.id, key, _AT, _AT, command.id, one.revision))
        self._settled(one, command, "p", uid)

    def _settled(self, one: _Past, command: Enroll | CompleteLesson, kind: str, uid: str) -> None:
        receipt = (one.id, command.id, fingerprint(command), Outcome.APPLIED.value, Code.OK.value, _AT, _AT)
        self.rows["receipts"].append(receipt)
        one.facts.add(kind, [uid])

    def flush(self, least: int = 1) -> None:
        for name, rows in self.rows.items():
            if len(rows) >= least:
                fill(self.conn, name, rows)
                rows.clear()


def _study(school: School, past: Sequence[_Past], each: int) -> None:
    """Every learner completes ``each`` lessons, a few at a time and by turns: rows lie as the years leave them."""
    # A course's last lesson stays open: no certificate is due.
    sizes = [min(_LONGEST_COURSE - 1, each - start) for start in range(0, each, _LONGEST_COURSE - 1)]
    made = [school.course(f"old-{n}", size + 1) for n, size in enumerate(sizes)]
    with writing(school.context.engine) as conn:
        done = [pair for course, size in zip(made, sizes, strict=True) for pair in _keyed(conn, course)[:size]]
        books = _Books(conn)
        for course in made:
            for one in past:
                books.take_revision(one)
                books.enroll(one, course)
        for start in range(0, each, _ROWS_A_SYNC):
            for one in past:
                books.take_revision(one)
                for key, uid in done[start : start + _ROWS_A_SYNC]:
                    books.complete(one, key, uid)
            books.flush(_CHUNK)
        books.flush()
        _save(conn, past)
    _analyze(school)


def _keyed(conn: Connection, course: Course) -> list[tuple[int, str]]:
    query = select(lessons.c.id, lessons.c.uid).where(lessons.c.course_id == course.id).order_by(lessons.c.order)
    return [tuple(row) for row in conn.execute(query)]


def _save(conn: Connection, past: Sequence[_Past]) -> None:
    rows = [{"name": p.uid, "last": p.revision, "facts": p.facts.count, "total": p.facts.text} for p in past]
    values = {"revision": bindparam("last"), "count": bindparam("facts"), "sum": bindparam("total")}
    conn.execute(update(streams).where(streams.c.stream == bindparam("name")).values(values), rows)


def fill(conn: Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows in by each database's bulk way."""
    names = _COLUMNS[table]
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        conn.exec_driver_sql(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", list(rows))
        return
    with conn.connection.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _analyze(school: School) -> None:
    """What autovacuum would have done in those years; SQLite keeps no statistics by itself."""
    if school.context.engine.dialect.name == "postgresql":
        with school.context.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
