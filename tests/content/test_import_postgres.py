"""The same import on PostgreSQL."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from lms_server.actions.context import ServerContext
from lms_server.actions.course_export import export_course
from lms_server.actions.course_import import import_course
from lms_server.actions.courses import (
    delete_course,
    list_courses,
    list_lessons,
    publish_course,
    remove_lesson,
    restore_course,
)
from lms_server.actions.unused_blobs import clean_blobs
from lms_server.content.blobs import Blobs
from lms_server.content.read import read_course
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG
from lms_server.contract.schema import lessons
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms
from lms_server.database.engine import open_database
from lms_server.database.identity import Identity
from lms_server.database.upgrade import create_schema
from tests.content.conftest import NOW


@pytest.fixture
def context(postgres_url, tmp_path):
    engine = open_database(postgres_url)
    create_schema(engine)
    with writing(engine) as conn:
        anchors.create_stream(conn, CATALOG)
    yield ServerContext(engine, Identity.new(), Blobs(tmp_path / "blobs"), "http://localhost", lambda: NOW)
    engine.dispose()


def revision(context):
    with reading(context.engine) as conn:
        return anchors.read(conn, CATALOG)[CATALOG].revision


def test_import_update_and_export(context, make_course, tmp_path):
    package = read_course(make_course())
    import_course(context, package, publish=True)
    before = revision(context)
    assert import_course(context, package, publish=True).plan.is_empty
    assert revision(context) == before
    changed = read_course(make_course({"lessons/02-call.md": "# Call\n\nOther.\n"}))
    assert len(import_course(context, changed).plan.changed) == 1
    remove_lesson(context, package.lessons[0].uid)
    delete_course(context, "first-aid")
    restore_course(context, "first-aid")
    publish_course(context, "first-aid")
    [course] = list_courses(context)
    assert (course.is_published, course.deleted_at, course.lessons) == (True, None, 1)
    assert [lesson.deleted_at for lesson in list_lessons(context, "first-aid")] == [NOW, None]
    assert [lesson.title for lesson in import_course(context, package).plan.restored] == ["Check"]
    export_course(context, "first-aid", tmp_path / "out.zip")
    assert read_course(tmp_path / "out.zip").lessons == package.lessons


def test_a_whole_course(context, read_sample):
    import_course(context, read_sample("comprehensive-rust"))
    assert revision(context) == 2
    assert list_courses(context)[0].lessons == 562


def test_cleaning_while_courses_come_in_takes_nothing_that_a_row_names(context, make_course):
    """Two versions come in by turns, each needing what the other leaves behind, and cleaning never stops."""
    context = replace(context, clock=now_ms)
    versions = [read_course(make_course()), read_course(make_course({"lessons/02-call.md": "# Call\n\nOther.\n"}))]
    is_over = threading.Event()
    removed = []

    def clean_all_the_time():
        while not is_over.is_set():
            # As if everything unused had been so for long.
            removed.extend(clean_blobs(context, grace_ms=-(1 << 50)).removed)

    cleaner = threading.Thread(target=clean_all_the_time)
    cleaner.start()
    try:
        for turn in range(400):
            if turn > 16 and len(removed) > 3:
                break
            import_course(context, versions[turn % 2], publish=True)
            with reading(context.engine) as conn:
                bodies = set(conn.execute(select(lessons.c.body)).scalars())
            assert [sha256 for sha256 in bodies if not context.blobs.has(sha256)] == []
    finally:
        is_over.set()
        cleaner.join()
    assert removed
