"""The database is the judge: constraints hold past all code, on both sides."""

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from lms_desktop.store import tables as desktop
from lms_server.contract import schema
from lms_server.contract.sqlite import writing
from lms_server.database import tables as server

ENROLLMENT = {"user_id": 1, "course_id": 1, "enrolled_at": 1, "command_id": "x"}
PROGRESS = {"user_id": 1, "lesson_id": 1, "started_at": 1}
CERTIFICATE = {
    "user_id": 1,
    "course_id": 1,
    "learner_name": "Ana",
    "course_title": "First aid",
    "completed_at": 1,
    "issued_at": 1,
    "payload": "x",
}


def refuses(engine, table, row, name):
    with writing(engine) as conn:
        conn.execute(insert(table).values(row))
    with pytest.raises(IntegrityError) as error, writing(engine) as conn:
        conn.execute(insert(table).values(row))
    # SQLite names the columns, PostgreSQL the constraint.
    columns = ".".join(name) if isinstance(name, tuple) else name
    assert name[0] in str(error.value) or columns in str(error.value)


@pytest.mark.parametrize("side", ["server", "desktop"])
def test_a_fact_stands_once_per_learner_on_both_sides(side, world, laptops):
    learner, course = world.learner(), world.course()
    engine, tables = world.engine, server.metadata.tables
    if side == "desktop":
        laptop = laptops(learner)
        laptop.sync()
        engine, tables = laptop.store.database.engine, desktop.metadata.tables
    with writing(engine) as conn:
        course_id = conn.execute(text("SELECT id FROM courses WHERE slug = 'first-aid'")).scalar_one()
        lesson_id = conn.execute(text("SELECT min(id) FROM lessons")).scalar_one()
        user_id = conn.execute(text("SELECT min(id) FROM users")).scalar_one()
    ids = {"user_id": user_id, "course_id": course_id}
    refuses(engine, tables["enrollments"], ENROLLMENT | ids, ("enrollments", "uq_enrollments_user_course"))
    progress = PROGRESS | {"user_id": user_id, "lesson_id": lesson_id}
    refuses(engine, tables["lesson_progress"], progress, ("lesson_progress", "uq_lesson_progress_user_lesson"))
    with writing(engine) as conn:
        conn.execute(insert(tables["certificates"]).values(CERTIFICATE | ids | {"uuid": "a"}))
    with pytest.raises(IntegrityError), writing(engine) as conn:
        conn.execute(insert(tables["certificates"]).values(CERTIFICATE | ids | {"uuid": "b"}))
    assert len(course.lessons) == 3


def test_a_slug_stays_taken_on_the_server_by_a_deleted_course_too(world):
    world.course("first-aid", deleted_at=1)
    with pytest.raises(IntegrityError):
        world.course("first-aid")


def test_a_desktop_takes_two_courses_with_one_slug_for_a_page_may_bring_the_new_one_first(world, laptops):
    laptop = laptops(world.learner())
    with writing(laptop.store.database.engine) as conn:
        for uid in ("a", "b"):
            conn.execute(insert(desktop.courses).values(uid=uid, slug="same"))


def test_both_sides_keep_the_same_named_constraints_but_for_the_slug():
    def names(table):
        return {c.name for c in table.constraints if c.name and c.name.startswith("uq_")}

    for name in ("users", "courses", "lessons", "enrollments", "lesson_progress", "certificates"):
        shared, mine = schema.metadata.tables[name], desktop.metadata.tables[name]
        assert names(shared) - names(mine) == ({"uq_courses_slug"} if name == "courses" else set())
