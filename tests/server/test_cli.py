"""The command line: documents, exit codes, reasons; on the same server as everything else."""

import argparse
import io
import json
from importlib.metadata import version

import pytest

from lms_desktop import cli as desktop
from lms_server import cli as server
from lms_server.cli import arguments as arguments_module
from lms_server.cli import main
from lms_server.cli.output import many
from tests.server.conftest import COURSE, LESSONS, made, write_course


@pytest.fixture
def run(settings, capsys, monkeypatch):
    """Runs one command on the test's data folder: (exit code, stdout, stderr)."""

    def run(*arguments, stdin=b"", data=settings.data):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            code: int | str | None = main([*arguments, *(["--data", str(data)] if data else [])])
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def ask(run):
    """Runs one command with --json and returns its document."""

    def ask(*arguments, **options):
        code, out, err = run("--json", *arguments, **options)
        assert code == 0, err
        return json.loads(out)

    return ask


@pytest.mark.parametrize("build", [desktop.build_parser, server.build_parser])
def test_the_programs_say_their_version_and_every_command_what_it_does(build, capsys):
    parser = build()
    with pytest.raises(SystemExit, match="0"):
        parser.parse_args(["--version"])
    assert version("lms-desktop") in capsys.readouterr().out
    assert "exit codes: 0 done" in parser.format_help()
    [commands] = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    assert all(one.description for one in commands.choices.values())


def test_init_makes_a_server_once(run, tmp_path):
    folder = tmp_path / "new"
    code, out, _ = run("init", "--name", "School", data=folder)
    assert (code, "School" in out) == (0, True)
    # Who follows no manual still learns how to get in.
    assert f"--data {folder} user add EMAIL --name NAME --admin" in out
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert oct((folder / "identity.json").stat().st_mode)[-3:] == "600"
    code, _, err = run("init", data=folder)
    assert code == 1
    assert "already" in err


def test_init_with_an_admin_and_an_identity(run, ask, tmp_path, settings):
    folder = tmp_path / "again"
    identity = settings.identity_file
    options = ("--identity", str(identity), "--admin-email", "m@example.org", "--admin-name", "M", "--password-stdin")
    made_ = ask("init", *options, stdin=b"secret\n", data=folder)
    assert made_["server_id"] == json.loads(identity.read_text())["server_id"]
    [admin] = ask("user", "list", data=folder)
    assert (admin["email"], admin["role"]) == ("m@example.org", "admin")


@pytest.mark.parametrize(("email", "password"), [("nobody", b"secret\n"), ("m@example.org", b"")])
def test_init_with_a_bad_admin_makes_nothing(run, tmp_path, email, password):
    options = ("--admin-email", email, "--admin-name", "M", "--password-stdin")
    code, _, err = run("init", *options, stdin=password, data=tmp_path / "new")
    assert (code, err.count("\n")) == (1, 1)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"server_id":"x"}', "\x00"])
def test_init_with_a_bad_identity_makes_nothing(run, tmp_path, content):
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    code, _, err = run("init", "--identity", str(bad), data=tmp_path / "new")
    assert (code, err.count("\n")) == (1, 1)
    assert not (tmp_path / "new").exists()


def test_options_stand_before_or_after(settings, capsys):
    for arguments in (
        ["--data", str(settings.data), "--json", "user", "list"],
        ["user", "--data", str(settings.data), "list", "--json"],
        ["user", "list", "--json", "--data", str(settings.data)],
        ["--database", settings.database, "user", "list", "--data", str(settings.data), "--json"],
    ):
        assert main(arguments) == 0
        assert len(json.loads(capsys.readouterr().out)) == 3


def test_the_environment_names_the_folder(settings, capsys, monkeypatch):
    monkeypatch.setenv("LMS_SERVER_DATA", str(settings.data))
    monkeypatch.setenv("LMS_SERVER_DATABASE_URL", settings.database)
    assert main(["user", "list"]) == 0
    assert "ana@example.org" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LMS_SERVER_MAIL_URL", "ftp://x"),
        ("LMS_SERVER_MAIL_URL", "maildir://"),
        ("LMS_SERVER_MAIL_URL", "smtp://"),
        ("LMS_SERVER_MAIL_URL", "smtp://mail:port"),
        ("LMS_SERVER_PUBLIC_URL", "http://[::1"),
        ("LMS_SERVER_PUBLIC_URL", "learn.example.org"),
        ("LMS_SERVER_REGISTRATION", "yes"),
        ("LMS_SERVER_DATABASE_URL", "mysql://x"),
    ],
)
def test_settings_that_make_no_sense_are_usage(run, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    code, _, err = run("user", "list")
    assert code == 2
    assert name in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nothing",),
        ("user",),
        ("user", "add", "x"),
        ("course", "import"),
        ("serve", "--port", "70000"),
        ("--what",),
    ],
)
def test_usage(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "usage" in err


def test_a_folder_without_a_server_is_trouble(run, tmp_path):
    code, _, err = run("user", "list", data=tmp_path / "nothing")
    assert code == 3
    assert f"lms-server --data {tmp_path / 'nothing'} init" in err
    assert "LMS_SERVER_DATA" in err


def test_reasons_name_what_was_typed(run, tmp_path):
    file = tmp_path / "file"
    file.touch()
    code, _, err = run("init", data=file / "below")
    assert code == 3
    assert f"No folder can be made at {file / 'below'}" in err
    assert "--data" in err
    code, _, err = run("backup", str(tmp_path))
    assert code == 1
    assert f"{tmp_path} is a folder" in err
    code, _, err = run("backup", str(file / "x.backup"))
    assert code == 3
    assert f"{file}: " in err
    code, _, err = run("serve", "--host", "192.0.2.1", "--port", "0")
    assert code == 3
    assert "192.0.2.1:0: " in err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_password_that_is_typed_is_asked_for_and_not_shown(monkeypatch):
    monkeypatch.setattr(arguments_module, "getpass", lambda: "from the keyboard")
    monkeypatch.setattr("sys.stdin", Terminal())
    assert arguments_module.password_from_stdin() == "from the keyboard"


def test_who_stops_a_command_or_a_question_sees_no_traceback(run, monkeypatch):
    def end(kind):
        def typed():
            raise kind

        return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(arguments_module, "getpass", end(EOFError))
    assert arguments_module.password_from_stdin() == ""
    monkeypatch.setattr("lms_server.cli.users.password_from_stdin", end(KeyboardInterrupt))
    code, _, err = run("user", "password", "ana@example.org", "--password-stdin")
    assert (code, err) == (130, "")


def test_one_is_not_many():
    assert [many(count, "lesson") for count in (0, 1, 2)] == ["0 lessons", "1 lesson", "2 lessons"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "disable", "nobody@example.org"),
        ("course", "publish", "nothing"),
        ("course", "import", "/nowhere"),
        ("lesson", "list", "nothing"),
        ("lesson", "remove", "nothing"),
        ("course", "reevaluate", "nothing"),
        ("enroll", "nobody@example.org", "first-aid"),
        ("enroll", "ana@example.org", "nothing"),
        ("mail", "resend", "nothing"),
        ("user", "import", "/nowhere"),
        ("restore", "/dev/null"),
    ],
)
def test_what_the_rules_refuse(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("lms-server: ")
    assert "Traceback" not in err


def test_users(run, ask):
    new = ("user", "add", "new@example.org", "--name", "New", "--password-stdin")
    assert ask(*new, stdin="pässword\r\n".encode())["role"] == "learner"
    assert run(*new, stdin=b"x")[0] == 1
    assert run("user", "add", "b@example.org", "--name", "B", "--password-stdin", stdin=b"\n")[0] == 1
    assert run("user", "add", "b@example.org", "--name", "B", "--password-stdin", stdin=b"\xff\n")[0] == 1
    assert ask("user", "disable", "new@example.org")["disabled_at"].endswith("Z")
    assert (
        ask("user", "password", "ana@example.org", "--password-stdin", stdin=b"another")["email"] == "ana@example.org"
    )
    rows = ask("user", "list")
    assert [row["email"] for row in rows] == sorted(row["email"] for row in rows)
    assert set(rows[0]) == {"uid", "email", "name", "role", "disabled_at"}


def test_users_from_a_file(run, ask, tmp_path):
    file = tmp_path / "class.csv"
    file.write_text(
        "\ufeffName,E-mail,Email,password\nZoë,x,zoe@example.org,\nMo,x,mo@example.org,pw\nAna,x,ANA@example.org,\n"
    )
    rows = ask("user", "import", str(file))
    assert [(row["email"], row["state"]) for row in rows] == [
        ("zoe@example.org", "added"),
        ("mo@example.org", "added"),
        ("ANA@example.org", "email_taken"),
    ]
    assert rows[0]["password"]
    assert rows[1]["password"] is None
    file.write_text("name,email\nFine,fine@example.org\nBad,not an address\n")
    code, _, err = run("user", "import", str(file))
    assert code == 1
    assert "line 3" in err
    assert "fine@example.org" not in {row["email"] for row in ask("user", "list")}
    for content in (b"\xff\xfe", b"", b"a,b\n1,2\n"):
        file.write_bytes(content)
        assert run("user", "import", str(file))[0] == 1


def test_courses_and_lessons(run, ask, tmp_path):
    package = write_course(tmp_path / "new", COURSE.replace("first-aid", "bees"))
    plan = ask("course", "import", str(package), "--dry-run")
    assert {"slug", "uid", "lessons", "sections", "assets", "warnings"} <= set(plan)
    assert (plan["slug"], plan["lessons"]) == ("bees", 2)
    assert len(ask("course", "list")) == 1
    ask("course", "import", str(package))
    rows = {row["slug"]: row for row in ask("course", "list")}
    assert set(rows["bees"]) == {"uid", "slug", "title", "level", "is_published", "deleted_at", "lessons"}
    assert (rows["bees"]["is_published"], rows["bees"]["lessons"]) == (False, 2)
    for verb in ("publish", "unpublish", "delete", "restore"):
        assert run("course", verb, "bees")[0] == 0
    lessons = ask("lesson", "list", "bees")
    assert [lesson["title"] for lesson in lessons] == ["Check", "Call"]
    assert set(lessons[0]) == {"uid", "title", "section", "order", "is_free_preview", "deleted_at"}
    assert run("lesson", "remove", lessons[0]["uid"])[0] == 0
    assert {row["slug"]: row["lessons"] for row in ask("course", "list")}["bees"] == 1
    assert run("lesson", "restore", lessons[0]["uid"])[0] == 0
    assert ask("course", "reevaluate", "bees")["issued"] == []
    file = tmp_path / "bees.zip"
    assert ask("course", "export", "bees", str(file))["file"] == str(file)
    assert ask("course", "import", str(file))["is_changed"] is False


def test_what_is_no_text_is_usage(run):
    for arguments in (("lesson", "list", "\udcff"), ("user", "disable", "\udcff"), ("enroll", "\udcff", "x")):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert "UTF-8" in err


def test_another_course_with_a_taken_slug(run, tmp_path):
    package = write_course(
        tmp_path / "new", f'{COURSE}\nuid = "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"\n', {"9.md": LESSONS["02-call.md"]}
    )
    code, _, err = run("course", "import", str(package))
    assert code == 1
    assert "first-aid" in err
    assert "(slug_taken)" in err


def test_from_enrolling_to_a_certificate_and_its_mail(run, ask, ana, course, tmp_path):
    assert run("enroll", "ana@example.org", "first-aid")[0] == 0
    ana.sync(*[made("complete_lesson", lesson=lesson["uid"]) for lesson in course["lessons"]])
    assert ask("worker", "--once")["attempts"] == 2
    progress = ask("progress", "list", "--email", "ANA@example.org", "--course", "first-aid")
    assert {row["lesson"] for row in progress} == {lesson["uid"] for lesson in course["lessons"]}
    assert set(progress[0]) == {"email", "course", "lesson", "started_at", "completed_at", "command_id"}
    assert ask("progress", "list", "--email", "ben@example.org") == []
    for unknown in (("--email", "nobody@example.org"), ("--course", "nothing")):
        assert run("progress", "list", *unknown)[0] == 1
    [certificate] = ask("certificate", "list")
    assert (certificate["email"], certificate["course"]) == ("ana@example.org", "first-aid")
    [mail] = ask("mail", "list")
    assert (mail["certificate"], mail["state"], mail["attempts"]) == (certificate["uuid"], "accepted", 1)
    assert set(mail) == {"certificate", "to", "state", "reason", "message_id", "attempts"}
    assert ask("mail", "resend", certificate["uuid"]) | {"certificate": ""} == {
        "certificate": "",
        "state": "queued",
        "was": "accepted",
    }
    assert ask("mail", "release") == {"released": 0}
    file = tmp_path / "c.pdf"
    file.write_bytes(ana.get(f"/api/v1/certificates/{certificate['uuid']}/pdf").content)
    assert ask("certificate", "verify", str(file))["learner_name"] == "Ana Moreno"
    file.write_bytes(file.read_bytes().replace(b"%PDF", b"%pdf"))
    assert run("certificate", "verify", str(file))[0] == 1
    assert run("certificate", "verify", str(tmp_path / "none.pdf"))[0] == 3
    assert ask("doctor")["ok"] is True


def test_parked_work(ask, run, ana, course):
    run("course", "unpublish", "first-aid")
    command = made("enroll", course=course["uid"])
    ana.sync(command)
    [row] = ask("parked", "list")
    assert set(row) == {"command_id", "email", "kind", "code", "parked_at"}
    assert (row["command_id"], row["kind"], row["code"]) == (command["id"], "enroll", "course_draft")
    assert ask("parked", "replay") == {"applied": 0, "waiting": 1}
    run("course", "publish", "first-aid")
    assert ask("parked", "list") == []


def test_names_can_not_steer_a_terminal(run, settings):
    code, _, err = run("user", "disable", "a\x1b[31m@example.org")
    assert code == 1
    assert "\x1b" not in err
    assert "\x1b" not in run("user", "list")[1]


@pytest.mark.logs("the program made a mistake")
def test_a_mistake_of_ours_says_so(run, monkeypatch):
    monkeypatch.setattr("lms_server.cli.users.list_users", lambda _context: 1 / 0)
    code, _, err = run("user", "list")
    assert code == 3
    assert "mistake in the program" in err


def test_a_remark_about_the_whole_package_names_no_place(run, tmp_path):
    folder = write_course(tmp_path / "course")
    (folder / "assets" / "unused.txt").write_text("x", "utf-8")
    code, out, _ = run("course", "check", str(folder))
    assert code == 0
    assert "  unused_files: 1 file" in out
