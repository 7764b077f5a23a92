"""The cost of a sync follows what is new: no statement of it walks through a table that only ever grows."""

import pytest
from httpx import Client, WSGITransport
from sqlalchemy import event, text, update

from lms_server.actions.context import read_server
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms
from lms_server.database.tables import streams
from lms_server.jobs import queue
from tests.contract.test_commands import send
from tests.world import URL, World, command

OLD, LESSONS = 6000, 20
# A statement of a small sync has no business with more rows of one table.
FEW = 200
# For so many old rows there is one more learner, and one more course.
EACH = 10
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO "
PROGRESS = "lesson_progress (user_id, lesson_id, started_at, completed_at, revision)"
RECEIPTS = "receipts (user_id, command_id, fingerprint, outcome, code, received_at)"
PARKED = "parked (user_id, command_id, command, at, code, parked_at)"
ANCHORS = "anchors (stream, revision, tag) SELECT stream, i, tag FROM n, anchors"
# User 1 is the learner who syncs. Half of what is old is theirs, half is shared by all the others.
GROWTH = (
    (EACH, "users (uid, name, email, email_key) SELECT 'u' || i, 'x', 'x', 'u' || i FROM n"),
    (EACH, "sessions (user_id, token_sha256, created_at, last_seen_at) SELECT 1 + i, 's' || i, 1, 1 FROM n"),
    (EACH, "courses (uid, slug, is_published, revision) SELECT 'c' || i, 'c' || i, 1 = 1, 1 FROM n"),
    (EACH, "enrollments (user_id, course_id, enrolled_at, command_id, revision) SELECT 1, i, 1, 'e' || i, 1 FROM n"),
    (EACH, "enrollments (user_id, course_id, enrolled_at, command_id) SELECT 1 + i, i, 1, 'e' || i FROM n"),
    (1, "lessons (uid, course_id, revision) SELECT 'l' || i, 1 + i % {people}, 1 FROM n"),
    (1, f"{PROGRESS} SELECT 1, i, 1, 1, i FROM n"),
    (1, f"{PROGRESS} SELECT 2 + i % {{people}}, i, 1, 1, i FROM n"),
    (1, f"{RECEIPTS} SELECT 1, 'r' || i, 'f', 'applied', 'ok', 1 FROM n"),
    (1, f"{RECEIPTS} SELECT 2 + i % {{people}}, 'r' || i, 'f', 'applied', 'ok', 1 FROM n"),
    (1, f"{PARKED} SELECT 2 + i % {{people}}, 'r' || i, '', 1, 'unknown_lesson', 1 FROM n"),
    (1, f"{ANCHORS} WHERE stream = '{{me}}' AND revision = 0"),
    (EACH, "streams (stream, revision) SELECT 'u' || i, 1 FROM n"),
    (1, "jobs (kind, key, state, run_at) SELECT 'certificate_email', 'k' || i, 'accepted', 1 FROM n"),
    (1, "jobs (kind, key, state, run_at) SELECT 'certificate_pdf', 'k' || i, 'accepted', 1 FROM n"),
)
LARGE = {what.split()[0] for _, what in GROWTH}


@pytest.fixture
def old(world):
    """A server with years of old work."""
    made = Old(world)
    yield made
    made.http.close()


class Old:
    def __init__(self, world, rows=OLD):
        self.world = world
        self.learner = world.learner()
        headers = {"Authorization": f"Bearer {world.token(self.learner)}"}
        self.http = Client(transport=WSGITransport(world.app), headers=headers)
        with writing(world.engine) as conn:
            for share, what in GROWTH:
                numbers = NUMBERS.format(rows=rows // share)
                conn.execute(text(numbers + what.format(people=rows // EACH, me=self.learner.uid)))
            mine = streams.c.stream == self.learner.uid
            conn.execute(update(streams).where(mine).values(revision=rows))

    def sync(self, *commands):
        """One exchange of a laptop that has everything but the very last; the codes of the answer."""
        cursors = self._newest()
        envelope = {
            "v": 1,
            "request_id": new_uuid4(),
            "server_id": self.world.identity.server_id,
            "epoch": self._epoch(),
            "user": self.learner.uid,
            "sent_at": "2026-11-22T10:00:00.000Z",
            "after": cursors,
            "settled": cursors,
            "commands": commands,
        }
        answer = self.http.post(f"{URL}/api/v1/sync", json=envelope).json()
        assert answer["known"] == {"catalog": True, "me": True}, answer
        return [result["code"] for result in answer["results"]]

    def _newest(self):
        names = {"catalog": CATALOG, "me": self.learner.uid}
        with reading(self.world.engine) as conn:
            heads = anchors.read(conn, *names.values())
        return {key: heads[name].anchor.text() for key, name in names.items()}

    def _epoch(self):
        with reading(self.world.engine) as conn:
            return read_server(conn).epoch


class Planned:
    """Notes statements, to ask the database afterwards how it finds their rows."""

    def __init__(self, engine):
        self.engine = engine
        self.statements = {}

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_exc):
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _conn, _cursor, statement, parameters, _context, many):
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            self.statements[statement] = parameters[0] if many else parameters

    def walks(self):
        """Statements that look at many rows of a large table, with what they do."""
        find = _sqlite_walks if self.engine.dialect.name == "sqlite" else _postgres_walks
        with self.engine.connect() as conn:
            found = {statement: find(conn, statement, given) for statement, given in self.statements.items()}
            conn.rollback()
        return {statement: walks for statement, walks in found.items() if walks}


def _sqlite_walks(conn, statement, given):
    lines = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    return [line for line in lines if line.split()[0] == "SCAN" and line.split()[1] in LARGE]


def _postgres_walks(conn, statement, given):
    [[[plan]]] = conn.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given).all()
    nodes, walks = [plan["Plan"]], []
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        seen = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node.get("Relation Name") in LARGE and (node["Node Type"] == "Seq Scan" or seen > FEW):
            walks.append(f"{node['Node Type']} of {node['Relation Name']}, {seen} rows")
    return walks


class Steps:
    """Counts what SQLite's machine does, in tens of its instructions."""

    def __init__(self, engine):
        self.engine = engine
        self.tens = 0
        self._connections = set()

    def __enter__(self):
        event.listen(self.engine, "checkout", self._watch)
        return self

    def __exit__(self, *_exc):
        event.remove(self.engine, "checkout", self._watch)
        for connection in self._connections:
            connection.set_progress_handler(None, 0)

    def _watch(self, connection, _record, _proxy):
        self._connections.add(connection)
        connection.set_progress_handler(self._count, 10)

    def _count(self):
        self.tens += 1


def test_neither_a_sync_nor_a_worker_walks_through_what_only_grows(old):
    course, other = old.world.course(count=2), old.world.course("other")
    early, first, second = (command("complete_lesson", uid) for uid in (other.lessons[0], *course.lessons))
    with Planned(old.world.engine) as planned:
        assert old.sync(early, command("enroll", course.uid)) == ["not_enrolled", "ok"]
        assert old.sync(first, command("enroll", other.uid)) == ["ok", "ok"]
        assert old.sync(first, second) == ["ok", "ok"]
        assert old.sync() == []
        work(old.world.engine)
    assert len(old.world.certificates()) == 1
    assert len(planned.statements) > 15
    assert not planned.walks()
    if old.world.engine.dialect.name == "postgresql":
        with writing(old.world.engine) as conn:
            conn.execute(text("ANALYZE"))
        assert not planned.walks()


def work(engine):
    """What a worker asks of the queue."""
    kinds = ["certificate_email", "certificate_pdf"]
    with writing(engine) as conn:
        assert queue.is_due(conn, kinds, now_ms())
        job = queue.claim(conn, kinds, now_ms(), 60)
        assert queue.settle(conn, job, queue.Verdict(queue.State.ACCEPTED))


def test_a_walk_would_be_seen(old):
    with Planned(old.world.engine) as planned, reading(old.world.engine) as conn:
        conn.execute(text("SELECT user_id FROM receipts WHERE fingerprint = 'x'"))
        conn.execute(text("SELECT tag FROM anchors WHERE revision = 7"))
        conn.execute(text("SELECT id FROM jobs WHERE kind = 'x' AND key = 'x'"))
    assert len(planned.walks()) == 2


def test_a_sync_costs_a_server_on_sqlite_the_same_steps_after_years(tmp_path):
    steps = []
    for rows in (60, OLD):
        world = World(tmp_path / f"server-{rows}")
        old, course = Old(world, rows), world.course(count=LESSONS)
        old.sync(command("enroll", course.uid))
        with Steps(world.engine) as counted:
            old.sync(*[command("complete_lesson", uid) for uid in course.lessons])
            old.sync()
        steps.append(counted.tens)
        old.http.close()
        world.close()
    assert steps[1] < steps[0] * 1.1


def test_a_sync_costs_a_laptop_the_same_steps_after_years(world, laptops):
    steps = []
    made = [world.course(f"old-{lessons}", count=lessons) for lessons in (LESSONS, 40 * LESSONS)]
    for past in made:
        learner = world.learner(f"{past.slug}@example.org")
        send(world, learner, command("enroll", past.uid), *[command("complete_lesson", uid) for uid in past.lessons])
        course = world.course(f"after-{past.slug}", count=LESSONS)
        laptop = laptops(learner)
        laptop.sync()
        laptop.store.enroll(course.uid)
        laptop.sync()
        laptop.study(course, *range(LESSONS))
        with Steps(laptop.store.database.engine) as counted:
            laptop.sync()
            laptop.sync()
        steps.append(counted.tens)
    assert steps[1] < steps[0] * 1.1
