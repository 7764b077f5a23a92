"""Rows written in bulk are the rows that were given, however many there are and whatever stood there."""

import pytest
from sqlalchemy import select

from lms_server.contract.apply import PROGRESS
from lms_server.contract.schema import lesson_progress, lessons
from lms_server.contract.sqlite import reading, writing
from tests.world import Counted

WRITTEN = [lesson_progress.c[name] for name in PROGRESS.columns]


def wanted(learner, lesson_ids, at):
    return [(learner.id, key, at + n, None, at + n, f"c{n}", n + 1) for n, key in enumerate(lesson_ids)]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 120])
def test_rows_are_stored_and_replaced_in_a_few_statements(world, count):
    learner = world.learner()
    world.course("c", count=130)
    with reading(world.engine) as conn:
        keys = conn.execute(select(lessons.c.id).order_by(lessons.c.id).limit(count)).scalars().all()
    for at in (1000, 2000):
        rows = wanted(learner, keys, at)
        with Counted(world.engine) as counted, writing(world.engine) as conn:
            PROGRESS.write(conn, rows)
        assert len(counted.statements) <= 2
        with reading(world.engine) as conn:
            assert [tuple(row) for row in conn.execute(select(*WRITTEN).order_by(lesson_progress.c.lesson_id))] == rows
