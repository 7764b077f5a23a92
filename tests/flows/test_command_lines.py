"""From a new server to a certificate with nothing but the two command lines."""

import json

import pytest

from tests.flows.place import LEARNER, CommandFailed, Laptop, Server
from tests.wait import until

REFUSED, USAGE, OFFLINE, SIGN_IN = 1, 2, 3, 4


# Every command is a process, and a busy machine starts few a second.
pytestmark = pytest.mark.timeout(400)


def served(folder):
    server = Server(folder)
    server.furnish()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(tmp_path):
    yield from served(tmp_path / "server")


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory):
    """A server that keeps no learner's work, for all tests that look at words and codes."""
    yield from served(tmp_path_factory.mktemp("quiet") / "server")


def test_a_learner_studies_offline_and_gets_one_certificate_and_one_mail(server, tmp_path):
    laptop = Laptop(tmp_path / "laptop")
    laptop.login(server.url)
    laptop.run("sync")
    (course,) = laptop.json("catalog")
    laptop.run("enroll", course["slug"])
    laptop.run("sync")
    laptop.run("download", course["slug"])

    server.stop()
    laptop.run("start", course["lessons"][0]["uid"])
    for lesson in course["lessons"]:
        saved = laptop.run("complete", lesson["uid"]).split()
        assert saved[0] == "SAVED"
        assert len(saved[1]) == 36
    laptop.run("sync", code=OFFLINE)
    (finished,) = laptop.json("catalog")
    assert (course["completed"], finished["completed"]) == (False, True)
    status = laptop.json("status")
    assert (status["pending"], status["parked"], status["rejected"]) == (1 + len(course["lessons"]), 0, 0)
    assert laptop.json("export", tmp_path / "unsent.json")["commands"] == status["pending"]

    server.start()
    report = laptop.json("sync")
    assert (report["sent"], report["applied"], report["pending"]) == (status["pending"], status["pending"], 0)
    (certificate,) = laptop.json("certificates", "--save", tmp_path / "papers")
    assert (certificate["course"], certificate["course_title"]) == (course["slug"], course["title"])
    assert laptop.json("verify", certificate["file"])["learner_name"] == LEARNER[1]
    assert server.json("certificate", "verify", certificate["file"])["uuid"] == certificate["uuid"]
    (mail,) = until(server.mails)
    assert LEARNER[0].encode() in mail.read_bytes()
    (row,) = server.json("mail", "list")
    assert (row["state"], row["certificate"]) == ("accepted", certificate["uuid"])
    assert laptop.json("sync")["sent"] == 0
    assert server.json("doctor")["ok"]
    assert len(server.json("certificate", "list")) == 1
    assert len(server.json("progress", "list")) == len(course["lessons"])


def test_exit_codes_say_whose_turn_it_is(quiet_server, tmp_path):
    laptop = Laptop(tmp_path / "laptop")
    laptop.run("status", code=SIGN_IN)
    laptop.login(quiet_server.url, (LEARNER[0], LEARNER[1], "wrong"), code=SIGN_IN)
    laptop.login(quiet_server.url)
    laptop.run("sync")
    lesson = laptop.json("catalog")[0]["lessons"][0]["uid"]
    laptop.run("complete", lesson, code=REFUSED)
    laptop.run("enroll", "no-such-course", code=REFUSED)
    laptop.run("dance", code=USAGE)
    laptop.run("enroll", "\udcff", code=USAGE)
    quiet_server.run(
        "user", "add", LEARNER[0], "--name", "Twin", "--password-stdin", typed="a long password\n", code=REFUSED
    )


def test_no_letter_stops_a_command(quiet_server, monkeypatch):
    who = ("zoe@example.org", "--name", "Zoë سارة")
    quiet_server.run("user", "add", *who, "--password-stdin", typed="a long password\n")
    monkeypatch.setitem(quiet_server.environment, "PYTHONIOENCODING", "ascii")
    assert "Zoë سارة" in quiet_server.run("user", "list")


def test_json_documents_have_the_promised_keys(quiet_server):
    keys = {
        ("course", "list"): "uid slug title level is_published deleted_at lessons",
        ("lesson", "list", "first-aid"): "uid title section order is_free_preview deleted_at",
        ("user", "list"): "uid email name role disabled_at",
    }
    for call, promised in keys.items():
        rows = quiet_server.json(*call)
        assert rows
        assert all(set(promised.split()) <= row.keys() for row in rows), json.dumps(rows[0])
    for call in (("progress", "list"), ("certificate", "list"), ("mail", "list"), ("parked", "list")):
        assert quiet_server.json(*call) == []


def test_two_servers_are_not_made_in_one_folder(quiet_server):
    with pytest.raises(CommandFailed):
        quiet_server.furnish()
