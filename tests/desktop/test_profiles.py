"""Profiles that are opened twice, copied, restored, switched or signed out lose nothing and mix nothing."""

import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from sqlalchemy import update

from lms_desktop import cli
from lms_desktop.app import Desk
from lms_desktop.cli import verbs
from lms_desktop.settings import Device, Home
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.errors import SignedOut, Trouble, WrongAnswerer
from lms_server.actions.users import NewUser, add_user
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import writing
from lms_server.contract.times import now_ms
from lms_server.database.tables import certificates, sessions
from tests.desktop.program import ROOT, call_of, run
from tests.wait import until
from tests.world import Laptop

YEAR_AND_MORE_MS = 400 * 24 * 3600 * 1000


def test_a_profile_has_one_owner(machine, course):
    laptop = machine.reopen()
    said = laptop.study(course, 0)
    done = machine.run("complete", course.lessons[1])
    assert (done.returncode, done.stdout) == (5, "")
    assert "open in another window" in done.stderr
    with pytest.raises(StorageTrouble) as trouble:
        machine.open()
    assert trouble.value.code is Storage.IN_USE
    # It did no harm, and the first goes on.
    said += laptop.study(course, 2)
    assert [command.id for command in laptop.store.views.unsettled()] == said
    assert laptop.sync().applied == 2
    laptop.store.close()
    assert machine.run("complete", course.lessons[1]).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps them in the account's own folder")
def test_other_accounts_of_the_system_see_nothing_of_a_profile(machine):
    laptop = machine.reopen()
    assert laptop.store.folder.stat().st_mode & 0o077 == 0


def test_commands_at_the_same_time_take_turns(machine, course):
    store = machine.reopen().store
    closing = threading.Timer(1.0, store.close)
    closing.start()
    done = machine.run("status")
    closing.join()
    assert done.returncode == 0


def test_a_refusal_names_its_rule(machine, course):
    done = machine.run("complete", "no-such-lesson")
    assert done.returncode == 1
    assert "(unknown_lesson)" in done.stderr


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://", "https://[", "javascript:alert(1)", "http://a:b", "http://\u202e"]
)
def test_an_address_that_is_none_is_trouble(accounts, address):
    with pytest.raises(Trouble):
        accounts.look_up(address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ftp://x", "ftp://x isn't the address of a server"),
        ("http://127.0.0.1:1", "No server answers at http://127.0.0.1:1"),
        ("127.0.0.1:1", "No server answers at 127.0.0.1:1"),
        (" ", "Type the address"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_with_the_address(accounts, address, told):
    with pytest.raises(Trouble, match=told):
        accounts.look_up(address)


def test_commands_say_where_they_looked_and_never_nothing(tmp_path):
    home = tmp_path / "home"
    nobody = run(home, "accounts")
    assert (nobody.returncode, nobody.stdout) == (0, "Nobody learns on this laptop yet.\n")
    assert run(home, "accounts", "--json").stdout == "[]\n"
    file = tmp_path / "file"
    file.touch()
    below = run(file / "below", "status")
    assert below.returncode == 5
    assert f"The app's folder is {file / 'below'}." in below.stderr


@pytest.mark.parametrize(("stopped", "code"), [(KeyboardInterrupt, 130), (EOFError, 3)])
def test_who_stops_the_question_for_a_password_sees_no_traceback(tmp_path, monkeypatch, capsys, stopped, code):
    def typed():
        raise stopped

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(verbs, "getpass", typed)
    call = ["--home", str(tmp_path), "login", "--server", "http://127.0.0.1:1", "--email", "a@b", "--password-stdin"]
    assert cli.run(cli.build_parser().parse_args(call)) == code
    assert "Traceback" not in capsys.readouterr().err


def test_an_export_that_can_t_be_written_names_the_place(machine, course):
    (machine.home / "file").touch()
    done = machine.run("export", machine.home / "file" / "work.json")
    assert done.returncode == 5
    assert f"{machine.home / 'file'}: " in done.stderr
    assert ".new-" not in done.stderr
    assert "Wrote 0 commands" in machine.run("export", machine.home / "work.json").stdout


def test_a_killed_owner_leaves_the_profile_free(machine, course):
    (machine.folder / "owner.lock").write_bytes(b"left behind")
    assert machine.run("status").returncode == 0


def other_laptop(laptop, name):
    """Another learner's profile on the same laptop."""
    world = laptop.world
    who = world.learner(f"{name.lower()}@example.org", name)
    profiles = laptop.folder.parent.parent
    return Laptop(world, who, folder_of(profiles, world.identity.server_id, who.uid))


def test_each_learner_s_commands_stay_theirs(machine, course):
    ana = machine.reopen()
    ana.study(course, 0, 1)
    ana.store.close()
    ben = other_laptop(ana, "Ben")
    ben.sync()
    ben.store.enroll(course.uid)
    ben.study(course, 5)
    ben.sync()
    assert ana.world.completed(ben.learner) == {course.lessons[5]}
    assert not ana.world.completed(ana.learner)
    ben.store.close()
    switched = machine.run("switch", "ben@example.org")
    assert switched.returncode == 0, switched.stderr
    assert json.loads(machine.run("status", "--json").stdout)["pending"] == 0
    rows = {row["name"]: row["pending"] for row in json.loads(machine.run("accounts", "--json").stdout)}
    assert rows == {"Ana Moreno": 2, "Ben": 0}
    machine.reopen().sync()
    assert ana.world.completed(ana.learner) == set(course.lessons[:2])


def test_what_only_reads_needs_not_wait_for_the_window(machine, course, tmp_path):
    window = machine.reopen()
    window.study(course, 0)
    looks = {call: machine.run(call, "--json") for call in ("status", "catalog", "certificates")}
    assert {call: look.returncode for call, look in looks.items()} == dict.fromkeys(looks, 0), looks
    assert json.loads(looks["status"].stdout)["pending"] == 1
    (seen,) = json.loads(looks["catalog"].stdout)
    assert [lesson["completed"] for lesson in seen["lessons"]][:2] == [True, False]
    assert machine.run("export", str(tmp_path / "unsent")).returncode == 0
    # The window still has the profile, and goes on.
    window.study(course, 1)
    assert window.store.views.counts()["pending"] == 2


def test_a_reader_who_had_enough_is_no_trouble(machine):
    read, write = os.pipe()
    os.close(read)
    call = call_of(machine.home, "accounts", "--json")
    with os.fdopen(write, "w") as nobody:
        done = subprocess.run(call, cwd=ROOT, stdout=nobody, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_learner_s_token_sends_nothing(machine, course):
    ana = machine.reopen()
    ana.study(course, 0)
    ben = ana.world.learner("ben@example.org", "Ben")
    mine, ana.token = ana.token, ana.world.token(ben)
    with pytest.raises(WrongAnswerer):
        ana.sync()
    assert ana.store.views.counts()["pending"] == 1
    assert not ana.world.completed(ben)
    ana.token = mine
    assert ana.sync().applied == 1


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


@contextmanager
def serving(world):
    """The server at an address."""
    server = make_server("127.0.0.1", 0, world.app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def accounts(tmp_path):
    return Accounts(Profiles(Home(tmp_path / "own")), Device(new_uuid4(), "laptop"))


def test_who_got_the_address_meanwhile_gets_a_profile_of_their_own(world, course, accounts):
    add_user(world.context, NewUser("ana@example.org", "Ana Moreno", password="correct horse"))
    with serving(world) as url:
        folder = accounts.sign_in(url, "ana@example.org", "correct horse")
        store = accounts.profiles.open(folder)
        store.note_sign_in(needed=True)
        # The address was given to somebody else meanwhile.
        with writing(world.engine) as conn:
            conn.exec_driver_sql("UPDATE users SET email = 'old@example.org', email_key = 'old@example.org'")
        add_user(world.context, NewUser("ana@example.org", "Ana Other", password="correct horse"))
        token = Credentials(folder).read()
        assert accounts.sign_in(url, "ana@example.org", "correct horse") != folder
        assert Credentials(folder).read() == token
        assert store.views.status()["needs_sign_in"]
        store.close()
    assert len(accounts.profiles.all()) == 2


@pytest.mark.parametrize("is_early", [False, True])
def test_a_server_that_moved_is_asked_where_it_is_now(world, accounts, tmp_path, is_early):
    add_user(world.context, NewUser("ana@example.org", "Ana Moreno", password="correct horse"))
    with serving(world) as url:
        accounts.sign_in(url, "ana@example.org", "correct horse")
    stands = threading.Event()
    stands.set()
    desk = Desk(Home(tmp_path / "own"), stands if is_early else None)
    shelf = desk.open_current()
    with serving(world) as url:
        assert desk.sign_in(url, "ana@example.org", "correct horse").result(30) is shelf
        assert shelf.place.url == url
        until(lambda: shelf.views.badge().last_ok_at)
        desk.close()


def test_thirty_copies_of_a_laptop_are_thirty_queues(machine, world, course, tmp_path):
    machine.laptop.folder = machine.folder
    source = machine.home
    ids = []
    copies = []
    for turn in range(30):
        home = tmp_path / f"copy-{turn}"
        shutil.copytree(source, home)
        folder = home / machine.folder.relative_to(source)
        store = Profiles(Home(home)).open(folder)
        ids += [store.complete(course.lessons[turn]), store.complete(course.lessons[39])]
        copies.append(store)
    laptop = machine.laptop
    for store in copies:
        laptop.store = store
        laptop.sync()
        assert store.views.counts()["pending"] == 0
    assert len(set(ids)) == 60
    assert set(ids) <= {command for command, _ in world.receipts()}
    assert world.completed(laptop.learner) == {*course.lessons[:30], course.lessons[39]}
    for store in copies:
        laptop.store = store
        laptop.sync()
        assert store.views.course(course.uid).course.completed == 31
        store.close()


def test_an_old_copy_of_a_profile_is_harmless(machine, world, course, tmp_path):
    machine.run("complete", course.lessons[0])
    shutil.copytree(machine.folder, tmp_path / "backup")
    laptop = machine.reopen()
    laptop.study(course, 1, 2)
    laptop.sync()
    laptop.store.close()
    shutil.rmtree(machine.folder)
    shutil.copytree(tmp_path / "backup", machine.folder)
    laptop.store = machine.open()
    laptop.study(course, *range(3, 40))
    laptop.sync()
    assert laptop.store.views.counts()["pending"] == 0
    assert world.completed(laptop.learner) == set(course.lessons)
    assert laptop.store.views.course(course.uid).course.completed == 40
    assert world.count(certificates) == 1
    assert sum(code == "ok" for _, code in world.receipts()) == 41


def test_a_token_revoked_after_a_year_keeps_the_queue(machine, world, course):
    laptop = machine.reopen()
    laptop.study(course, 0, 1)
    world.skew_ms = YEAR_AND_MORE_MS
    with writing(world.engine) as conn:
        conn.execute(update(sessions).values(revoked_at=now_ms()))
    with pytest.raises(SignedOut):
        laptop.sync()
    assert laptop.store.views.counts() == {"pending": 2, "parked": 0, "rejected": 0}
    assert laptop.store.views.status()["needs_sign_in"]
    laptop.study(course, 2)
    laptop.token = world.token(laptop.learner)
    assert laptop.sync().applied == 3
    assert not laptop.store.views.status()["needs_sign_in"]
    assert world.completed(laptop.learner) == set(course.lessons[:3])


def test_signing_out_deletes_no_work(machine, course):
    machine.run("complete", course.lessons[0])
    done = machine.run("logout")
    assert done.returncode == 0, done.stderr
    assert "1 to send" in done.stdout
    assert machine.run("status").returncode == 4
    assert [row.pending for row in Profiles(Home(machine.home)).all()] == [1]
