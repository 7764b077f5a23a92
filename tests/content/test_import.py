"""Courses into the database: identity, only what changed, all or nothing, revisions, what learners see."""

import json

import pytest
from sqlalchemy import func, select, update

from lms_server.actions import course_import
from lms_server.actions.course_import import import_course
from lms_server.actions.courses import (
    delete_course,
    list_courses,
    list_lessons,
    publish_course,
    remove_lesson,
    restore_course,
    restore_lesson,
    unpublish_course,
)
from lms_server.actions.refusals import Refused
from lms_server.content.read import read_course
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG
from lms_server.contract.schema import courses, lessons
from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import blob_uses, blobs
from tests.content.conftest import NOW


@pytest.fixture
def context(make_context):
    return make_context("server")


def revision(context):
    with reading(context.engine) as conn:
        return anchors.read(conn, CATALOG)[CATALOG].revision


def revisions(context):
    with reading(context.engine) as conn:
        rows = conn.execute(select(lessons.c.uid, lessons.c.revision).order_by(lessons.c.order)).all()
        return conn.execute(select(courses.c.revision)).scalars().all(), [row.revision for row in rows]


def count(context, table):
    with reading(context.engine) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_an_import_makes_course_lessons_and_files(context, make_course):
    report = import_course(context, read_course(make_course())).report()
    assert (report["slug"], report["lessons"], report["sections"], report["assets"]) == ("first-aid", 2, 1, 2)
    assert report["is_new"]
    assert report["warnings"] == []
    json.dumps(report)
    [course] = list_courses(context)
    assert (course.slug, course.lessons, course.is_published, course.deleted_at) == ("first-aid", 2, False, None)
    first, second = list_lessons(context, "first-aid")
    assert (first.title, first.section, first.order, first.is_free_preview) == ("Check", "Basics", 1, True)
    assert (second.title, second.order, second.is_free_preview) == ("Call", 2, False)
    with reading(context.engine) as conn:
        row = conn.execute(select(lessons).where(lessons.c.uid == first.uid)).one()
        stored = conn.execute(select(courses)).one()
        uses = conn.execute(select(blob_uses)).all()
        kept = {blob.sha256: blob for blob in conn.execute(select(blobs))}
    assert b"lesson:" in context.blobs.read(row.body)
    assert row.body_size == len(context.blobs.read(row.body))
    named = {item["path"]: item for item in json.loads(row.attachments)}
    assert set(named) == {"assets/cover.png", "assets/sheet.pdf"}
    assert named["assets/cover.png"]["type"] == "image/png"
    assert stored.cover == named["assets/cover.png"]["sha256"]
    assert stored.authors == "A. Author; B. Writer, with a mark"
    assert {(use.sha256, use.lesson_id) for use in uses} >= {(stored.cover, None), (row.body, row.id)}
    assert all(context.blobs.path(sha256).stat().st_size == blob.size for sha256, blob in kept.items())


def test_the_same_package_again_changes_nothing(context, make_course):
    path = make_course()
    import_course(context, read_course(path), publish=True)
    before = (revision(context), revisions(context), count(context, blob_uses), count(context, blobs))
    again = import_course(context, read_course(path), publish=True)
    assert again.plan.is_empty
    assert (revision(context), revisions(context), count(context, blob_uses), count(context, blobs)) == before


def test_only_what_changed_is_stamped(context, make_course):
    import_course(context, read_course(make_course()))
    course_before, (first_before, second_before) = revisions(context)
    import_course(context, read_course(make_course({"lessons/02-call.md": "# Call\n\nCall 911.\n"})))
    course_after, (first_after, second_after) = revisions(context)
    assert (course_after, first_after) == (course_before, first_before)
    assert second_after == revision(context) > second_before


def test_lessons_go_and_come_back_with_their_uid(context, make_course):
    import_course(context, read_course(make_course()))
    uids = [lesson.uid for lesson in list_lessons(context, "first-aid")]
    full = make_course()
    toml = (full / "course.toml").read_text()
    shorter = make_course({"course.toml": toml.replace(', "lessons/02-call.md"', "")}, "shorter")
    plan = import_course(context, read_course(shorter), dry_run=True).plan
    assert [lesson.uid for _, lesson in plan.removed] == uids[1:]
    assert list_courses(context)[0].lessons == 2
    import_course(context, read_course(shorter))
    assert list_courses(context)[0].lessons == 1
    assert list_lessons(context, "first-aid")[1].deleted_at == NOW
    back = import_course(context, read_course(full))
    assert [lesson.uid for lesson in back.plan.restored] == uids[1:]
    assert [lesson.uid for lesson in list_lessons(context, "first-aid")] == uids
    assert list_lessons(context, "first-aid")[1].deleted_at is None


def test_a_dry_run_writes_nothing(context, make_course):
    report = import_course(context, read_course(make_course()), dry_run=True).report()
    assert report["lessons"] == 2
    assert list_courses(context) == ()
    assert not context.blobs.root.exists()
    assert revision(context) == 0


UID = "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"


def variant(make_course, name, **keys):
    toml = (make_course() / "course.toml").read_text()
    for key, value in keys.items():
        lines = [line for line in toml.split("\n") if not line.startswith(f"{key} =")]
        toml = f'{key} = "{value}"\n' + "\n".join(lines)
    return read_course(make_course({"course.toml": toml}, name))


def test_identity(context, make_course):
    import_course(context, variant(make_course, "a", uid=UID))
    with pytest.raises(Refused) as refused:
        import_course(context, variant(make_course, "b", uid=UID, slug="other"))
    assert refused.value.code == "uid_taken"
    assert [course.slug for course in list_courses(context)] == ["first-aid"]
    import_course(context, variant(make_course, "b", uid=UID, slug="other"), rename=True)
    assert [course.slug for course in list_courses(context)] == ["other"]
    delete_course(context, "other")
    with pytest.raises(Refused) as refused:
        import_course(context, variant(make_course, "c", slug="other"))
    assert refused.value.code == "slug_taken"


def test_rename_to_a_taken_slug_is_refused(context, make_course):
    import_course(context, variant(make_course, "a", uid=UID, slug="a"))
    import_course(context, variant(make_course, "b", slug="b"))
    with pytest.raises(Refused) as refused:
        import_course(context, variant(make_course, "c", uid=UID, slug="b"), rename=True)
    assert refused.value.code == "slug_taken"


def test_a_lesson_belongs_to_one_course(context, make_course):
    lesson = f"---\nuid: {UID}\n---\n# Call\n"
    import_course(context, read_course(make_course({"lessons/02-call.md": lesson})))
    with pytest.raises(Refused) as refused:
        import_course(context, variant_with(make_course, lesson))
    assert refused.value.code == "lesson_uid_taken"
    assert len(list_courses(context)) == 1


def variant_with(make_course, lesson):
    toml = (make_course() / "course.toml").read_text().replace("first-aid", "second-aid")
    return read_course(make_course({"course.toml": toml, "lessons/02-call.md": lesson}, "second"))


def test_all_or_nothing(context, make_course, monkeypatch):
    import_course(context, read_course(make_course()))
    before = (revision(context), list_lessons(context, "first-aid"))
    monkeypatch.setattr(course_import, "_write_uses", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        import_course(context, read_course(make_course({"lessons/02-call.md": "# Other\n"})))
    assert (revision(context), list_lessons(context, "first-aid")) == before


@pytest.mark.parametrize("verbs", [(publish_course, unpublish_course), (delete_course, restore_course)])
def test_what_is_seen_stamps_the_course_and_all_its_lessons(context, make_course, verbs):
    import_course(context, read_course(make_course()))
    remove_lesson(context, list_lessons(context, "first-aid")[1].uid)
    for verb in verbs:
        before = revision(context)
        verb(context, "first-aid")
        stamps, lesson_stamps = revisions(context)
        assert {*stamps, *lesson_stamps} == {before + 1}
        verb(context, "first-aid")
        assert revision(context) == before + 1, "nothing left to do"


def test_an_import_that_publishes_stamps_everything(context, make_course):
    import_course(context, read_course(make_course()))
    before = revision(context)
    import_course(context, read_course(make_course()), publish=True)
    stamps, lesson_stamps = revisions(context)
    assert min(*stamps, *lesson_stamps) > before


def test_a_deleted_course_is_not_published(context, make_course):
    import_course(context, read_course(make_course()))
    delete_course(context, "first-aid")
    with pytest.raises(Refused) as refused:
        publish_course(context, "first-aid")
    assert refused.value.code == "course_deleted"


def test_lessons_are_removed_and_restored_alone(context, make_course):
    import_course(context, read_course(make_course()))
    first, _ = list_lessons(context, "first-aid")
    remove_lesson(context, first.uid)
    assert list_courses(context)[0].lessons == 1
    assert revisions(context)[1][0] == revision(context)
    restore_lesson(context, first.uid)
    assert list_courses(context)[0].lessons == 2
    with pytest.raises(Refused):
        remove_lesson(context, "nobody")


def test_unknown_course(context):
    for verb in (publish_course, unpublish_course, delete_course, restore_course, list_lessons):
        with pytest.raises(Refused) as refused:
            verb(context, "nothing")
        assert refused.value.code == "unknown_course"


def test_a_revision_holds_at_most_500_rows(context, read_sample):
    import_course(context, read_sample("comprehensive-rust"), publish=True)
    assert revision(context) == 2
    course_stamps, lesson_stamps = revisions(context)
    stamps = [*course_stamps, *lesson_stamps]
    assert (stamps.count(1), stamps.count(2)) == (500, 63)


def test_uses_follow_the_lesson(context, make_course):
    import_course(context, read_course(make_course()))
    import_course(context, read_course(make_course({"lessons/01-check.md": "# Check\n\nNo picture.\n"})))
    with reading(context.engine) as conn:
        row = conn.execute(select(lessons).where(lessons.c.order == 1)).one()
        used = conn.execute(select(blob_uses.c.sha256).where(blob_uses.c.lesson_id == row.id)).scalars().all()
    assert used == [row.body]


def test_an_emptied_attachments_column_is_repaired_by_the_next_import(context, make_course):
    import_course(context, read_course(make_course()))
    with writing(context.engine) as conn:
        conn.execute(update(lessons).values(attachments="[]"))
    assert len(import_course(context, read_course(make_course())).plan.changed) == 1
