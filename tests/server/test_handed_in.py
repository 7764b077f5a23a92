"""Unsent work on a memory stick: an admin imports the file, and a later sync of the same laptop changes nothing."""

import json

import pytest
from sqlalchemy import select

from lms_desktop.store.export import export
from lms_server.actions.refusals import Refused
from lms_server.actions.users import disable_user
from lms_server.contract.commands import Command, Enroll, StartLesson
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import reading
from lms_server.contract.unsent import Writer
from lms_server.database.tables import enrollments, lesson_progress, streams
from lms_server.sync.handed_in import import_work
from tests.world import Laptop, World

HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path, request):
    database = request.getfixturevalue("postgres_url") if getattr(request, "param", "") == "postgresql" else None
    world = World(tmp_path / "server", database)
    yield world
    world.close()


both = pytest.mark.parametrize("world", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def course(world):
    return world.course(count=3)


@pytest.fixture
def laptop(world, course, tmp_path):
    """Ana finished a course on a laptop that knows it and has never been online since."""
    laptop = Laptop(world, world.learner(), tmp_path / "profile")
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.study(course, 0, 1, 2)
    yield laptop
    laptop.close()


@pytest.fixture
def stick(laptop, tmp_path):
    file = tmp_path / "unsent.json"
    assert export(laptop.store, file) == 4
    return file


def state(world):
    tables = (enrollments, lesson_progress, streams)
    with reading(world.engine) as conn:
        return [conn.execute(select(table)).all() for table in tables], world.receipts(), world.jobs(), world.parked()


def outcomes(done):
    return {
        name: count for name, count in done.report().items() if name in {"applied", "duplicate", "parked"} and count
    }


def test_the_work_counts_as_the_learner_s_own_with_its_certificate(world, laptop, course, stick):
    done = import_work(world.context, stick.read_bytes())
    assert outcomes(done) == {"applied": 4}
    assert world.completed(laptop.learner) == set(course.lessons)
    [certificate] = world.certificates()
    assert done.issued == 1
    assert sorted(kind for kind, _ in world.jobs()) == ["certificate_email", "certificate_pdf"]
    assert {key for _, key in world.jobs()} == {certificate.uuid}


@both
def test_a_later_sync_finds_its_receipts_and_so_does_a_second_import(world, laptop, stick):
    import_work(world.context, stick.read_bytes())
    before = state(world)
    assert outcomes(import_work(world.context, stick.read_bytes())) == {"duplicate": 4}
    assert state(world) == before
    report = laptop.sync()
    assert (report.duplicate, report.applied) == (4, 0)
    assert laptop.store.views.counts() == {"pending": 0, "parked": 0, "rejected": 0}
    assert len(laptop.store.views.certificates().certificates) == 1
    assert state(world) == before


def test_a_sync_before_the_import_is_as_good(world, laptop, stick):
    laptop.sync()
    before = state(world)
    assert outcomes(import_work(world.context, stick.read_bytes())) == {"duplicate": 4}
    assert state(world) == before


@both
def test_a_dry_run_says_the_same_and_changes_nothing(world, laptop, stick):
    before = state(world)
    tried = import_work(world.context, stick.read_bytes(), dry_run=True)
    assert state(world) == before
    assert world.certificates() == []
    done = import_work(world.context, stick.read_bytes())
    assert tried.report() == done.report() | {"dry_run": True}


def test_what_can_t_count_yet_is_parked_with_its_reason(world, laptop, course, stick):
    with world.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE courses SET is_published = 0")
    done = import_work(world.context, stick.read_bytes())
    assert outcomes(done) == {"parked": 4}
    assert done.report()["reasons"] == [{"code": "not_enrolled", "count": 3}, {"code": "course_draft", "count": 1}]
    assert len(world.parked()) == 4


@pytest.mark.parametrize(("ahead_ms", "kept"), [(0, True), (-5 * HOUR_MS, True), (5 * HOUR_MS, False)])
def test_times_are_the_laptop_s_but_never_later_than_now(world, laptop, course, ahead_ms, kept):
    made_at = world.now() + ahead_ms - HOUR_MS
    who = laptop.learner
    writer = Writer(world.identity.server_id, who.uid, who.name, who.email)
    other = world.course("water")
    content = writer.write([Enroll(new_uuid7(), other.uid, made_at)], made_at + HOUR_MS)
    # The stick travels for a day: that doesn't make the work a day younger.
    world.skew_ms = 24 * HOUR_MS if ahead_ms <= 0 else 0
    import_work(world.context, content)
    with reading(world.engine) as conn:
        [at] = conn.execute(select(enrollments.c.enrolled_at)).scalars()
    if kept:
        assert at == made_at
    else:
        assert abs(at - (world.now() - HOUR_MS)) < 60_000, "a clock that was ahead when it wrote the file is put right"


def refused(world, content):
    before = state(world)
    with pytest.raises(Refused) as refusal:
        import_work(world.context, content)
    assert state(world) == before
    return refusal.value


def test_a_file_that_was_changed_by_hand_is_refused(world, laptop, course, stick):
    text = stick.read_text()
    other = world.course("water").uid
    for changed in (
        text.replace(course.uid, other),
        text.replace(laptop.learner.uid, new_uuid4()),
        text.replace('"enroll"', '"ENROLL"'),
        text[:-20],
        text.replace('"sha256"', '"sha255"'),
    ):
        refusal = refused(world, changed.encode())
        assert refusal.code == "damaged_file"
        assert "Export it again" in refusal.text
    assert refused(world, text.replace('"format": 1', '"format": 2').encode()).code == "newer_file"


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]", b"{}", b"PK\x03\x04", b'{"commands": []}'])
def test_another_kind_of_file_is_refused(world, content):
    refusal = refused(world, content)
    assert refusal.code == "no_unsent_work"
    assert "lms-desktop export" in refusal.text


def test_the_wrong_server_a_guest_a_stranger_and_a_closed_account(world, laptop, stick, tmp_path):
    elsewhere = World(tmp_path / "elsewhere")
    assert refused(elsewhere, stick.read_bytes()).code == "wrong_server"
    elsewhere.close()
    server_id = world.identity.server_id
    assert refused(world, Writer(server_id, None, "", "").write([], 0)).code == "no_learner"
    stranger = refused(world, Writer(server_id, new_uuid4(), "Zoe", "zoe@example.org").write([], 0))
    assert stranger.code == "unknown_user"
    assert "zoe@example.org" in stranger.text
    assert "same e-mail address" in stranger.text
    disable_user(world.context, laptop.learner.email)
    assert refused(world, stick.read_bytes()).code == "account_disabled"


def test_a_learner_lost_by_a_restore_and_added_again_is_the_same(world, laptop, stick, tmp_path):
    again = World(tmp_path / "again", identity=world.identity)
    assert refused(again, stick.read_bytes()).code == "unknown_user"
    again.learner()
    assert outcomes(import_work(again.context, stick.read_bytes())) == {"parked": 4}
    again.close()


def test_more_than_one_request_s_worth(world, laptop):
    big = world.course("big", count=2100)
    work: list[Command] = [Enroll(new_uuid7(), big.uid, world.now())]
    work += [StartLesson(new_uuid7(), lesson, world.now()) for lesson in big.lessons]
    content = Writer(world.identity.server_id, laptop.learner.uid, "", "").write(work, world.now())
    assert outcomes(import_work(world.context, content)) == {"applied": 2101}


def test_the_command_line(cli, guest, context, course_uid, tmp_path):
    file = tmp_path / "unsent.json"
    user = cli("user", "list", "--json")[1][0]
    writer = Writer(context.identity.server_id, user["uid"], user["name"], user["email"])
    file.write_bytes(writer.write([Enroll(new_uuid7(), course_uid, 1_700_000_000_000)], context.clock()))
    code, report = cli("work", "import", str(file), "--dry-run", "--json")
    assert (code, report["applied"], report["dry_run"]) == (0, 1, True)
    code, words = cli("work", "import", str(file))
    assert (code, "1 applied" in words) == (0, True)
    code, report = cli("work", "import", str(file), "--json")
    assert (code, report["duplicate"], report["certificates"], report["email"]) == (0, 1, 0, user["email"])
    file.write_text("nonsense")
    assert cli("work", "import", str(file))[0] == 1
    assert cli("work", "import", str(tmp_path / "nowhere"))[0] == 3


@pytest.fixture
def course_uid(guest):
    return guest.sync().json["changes"]["courses"][0]["uid"]


@pytest.fixture
def cli(settings, capsys):
    from lms_server.cli import main

    def run(*words):
        code = main(["--data", str(settings.data), *words])
        said = capsys.readouterr().out
        return code, json.loads(said) if "--json" in words else said

    return run
