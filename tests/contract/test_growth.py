"""The cost of a sync follows what is new: no statement of a quiet sync looks at every row."""

from sqlalchemy import text

from tests.world import Counted


def test_a_quiet_sync_scans_no_large_table(world, laptops):
    learner = world.learner()
    course = world.course(count=30)
    laptop = laptops(learner)
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.study(course, 0, 1)
    laptop.sync()
    with Counted(laptop.store._engine) as here:
        laptop.sync()
    reads = [s for s in here.statements if s.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE"))]
    with laptop.store._engine.connect() as conn:
        plans = {s: _plan(conn, s) for s in reads}
    scans = {s: plan for s, plan in plans.items() if any(_is_scan(line) for line in plan)}
    assert not scans, scans


def _plan(conn, statement):
    empty = tuple(None for _ in range(statement.count("?")))
    return [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", empty)]


def _is_scan(line):
    large = ("SCAN lessons", "SCAN lesson_progress", "SCAN outbox", "SCAN enrollments")
    return line.startswith(large) and "INDEX" not in line


def test_a_scan_would_be_seen(world, laptops):
    laptop = laptops(world.learner())
    with laptop.store._engine.connect() as conn:
        assert any(_is_scan(line) for line in _plan(conn, "SELECT * FROM lessons WHERE title = 'x'"))
        conn.execute(text("SELECT 1"))
