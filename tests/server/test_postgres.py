"""The same server on PostgreSQL: set up, a learner's way to a certificate, the doctor, the pages."""

import json

import pytest
from falcon import testing

from lms_server.actions.course_import import import_course
from lms_server.actions.installation import install, open_server
from lms_server.actions.users import NewUser, Role, add_user
from lms_server.cli import main
from lms_server.content.read import read_course
from lms_server.contract.sqlite import writing
from lms_server.operate.metrics import figures
from lms_server.settings import read_settings
from lms_server.web.app import Parts, create_app
from tests.server.conftest import PASSWORD, Client, made, signed_in, write_course


@pytest.fixture
def settings(postgres_url, tmp_path):
    return read_settings({}, tmp_path / "pg", postgres_url)


@pytest.fixture
def guest(settings, tmp_path):
    context = install(settings)
    add_user(context, NewUser("ana@example.org", "Ana Moreno", PASSWORD))
    add_user(context, NewUser("miriam@example.org", "Miriam", PASSWORD, Role.ADMIN))
    import_course(context, read_course(write_course(tmp_path / "package")), publish=True)
    yield Client(testing.TestClient(create_app(context, Parts(figures=figures))), context)
    context.engine.dispose()


def run(settings, capsys, *arguments):
    code = main(["--json", *arguments, "--data", str(settings.data), "--database", settings.database])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(out)


def test_from_sign_in_to_a_sound_certificate(guest, settings, capsys):
    ana = signed_in(guest, "ana@example.org")
    changes = ana.sync().json["changes"]
    done = [made("complete_lesson", lesson=lesson["uid"]) for lesson in changes["lessons"]]
    answer = ana.sync(made("enroll", course=changes["courses"][0]["uid"]), *done).json
    [certificate] = answer["changes"]["certificates"]
    assert ana.get(f"/api/v1/certificates/{certificate['uuid']}/pdf").content.startswith(b"%PDF")
    assert run(settings, capsys, "worker", "--once")["attempts"] == 2
    assert run(settings, capsys, "mail", "list")[0]["state"] == "accepted"
    assert len(run(settings, capsys, "progress", "list")) == 2
    assert run(settings, capsys, "doctor")["ok"] is True
    assert run(settings, capsys, "parked", "replay") == {"applied": 0, "waiting": 0}
    assert guest.get("/metrics").text.startswith("lms_users 2")


def test_the_pages(guest):
    assert "First aid" in guest.get("/").text
    miriam = signed_in(guest, "miriam@example.org")
    for path in ("/admin/", "/admin/courses", "/admin/learners", "/admin/certificates", "/admin/parked"):
        assert guest.get(path, Cookie=f"lms={miriam.token}").status_code == 200


def test_the_same_epoch_until_the_timeline_changes(guest, settings):
    epochs = set()
    for _ in range(2):
        again = open_server(settings)
        answer = Client(testing.TestClient(create_app(again)), again).get("/api/v1/server")
        epochs.add(answer.json["epoch"])
        again.engine.dispose()
    assert len(epochs) == 1
    settings.incarnation_file.write_text("timeline 0\n")
    again = open_server(settings)
    assert Client(testing.TestClient(create_app(again)), again).get("/api/v1/server").json["epoch"] not in epochs
    again.engine.dispose()


def test_a_backup_goes_from_either_database_into_the_other(guest, settings, capsys, tmp_path):
    ana = signed_in(guest, "ana@example.org")
    changes = ana.sync().json["changes"]
    ana.sync(made("enroll", course=changes["courses"][0]["uid"]))
    run(settings, capsys, "backup", str(tmp_path / "one.zip"))
    lite = read_settings({}, tmp_path / "lite")
    run(lite, capsys, "restore", str(tmp_path / "one.zip"))
    assert run(lite, capsys, "doctor")["ok"] is True
    assert run(lite, capsys, "user", "list") == run(settings, capsys, "user", "list")
    add_user(guest.context, NewUser("later@example.org", "Later", "pw"))
    run(lite, capsys, "backup", str(tmp_path / "two.zip"))
    with writing(guest.context.engine) as conn:
        for table in ("receipts", "anchors", "lesson_progress"):
            conn.exec_driver_sql(f"ALTER SEQUENCE {table}_id_seq RESTART")
    run(settings, capsys, "restore", str(tmp_path / "two.zip"))
    assert run(lite, capsys, "user", "list") == run(settings, capsys, "user", "list")
    assert run(settings, capsys, "doctor")["ok"] is True
    again = ana.sync(made("complete_lesson", lesson=changes["lessons"][0]["uid"]))
    assert again.json["results"][0]["outcome"] == "applied", "new rows get numbers of their own"
