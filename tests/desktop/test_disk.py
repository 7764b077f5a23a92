"""Disks that are full, read-only, somebody else's or broken: nothing is said to be saved that isn't."""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import subprocess

import pytest
from sqlalchemy import text

from lms_desktop.settings import Device, Home, read_device
from lms_desktop.store import ballast
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.rows import Live
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.loop import SyncLoop
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import open_sqlite, writing
from tests.desktop.program import STRACE, run, start
from tests.world import URL, Laptop, rows_of


def mount(place, *options):
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a disk of its own can't be mounted here")


@pytest.fixture
def disk(tmp_path):
    """A disk of 48 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount(place, "-o", "size=48m")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def cramped(world, course, disk):
    """A laptop on that disk, enrolled, with nothing to send."""
    who = world.learner()
    home = Home(disk / "home")
    folder = folder_of(home.profiles, world.identity.server_id, who.uid)
    laptop = Laptop(world, who, folder)
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.sync()
    read_device(home)
    Profiles(home).make_current(folder)
    yield laptop
    laptop.close()


def fill_up(disk):
    with contextlib.suppress(OSError), (disk / "films").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))
    assert shutil.disk_usage(disk).free < 1 << 12


def click_until_full(laptop, course):
    said = []
    with pytest.raises(StorageTrouble) as trouble:  # noqa: PT012 # the click that fails can't be told beforehand
        for lesson in course.lessons:
            said.append(laptop.store.complete(lesson))  # noqa: PERF401 # those before the failure are wanted
    assert trouble.value.code is Storage.FULL
    assert "Not saved" in str(trouble.value)
    return said


def reserve(laptop):
    return sum(piece.stat().st_size for piece in laptop.folder.glob("ballast.*"))


def jettison(laptop):
    while ballast.release(laptop.folder):
        pass


def test_a_full_disk_saves_nothing_and_the_queue_drains(cramped, course, disk):
    said = cramped.study(course, 0, 1, 2)
    fill_up(disk)
    said += click_until_full(cramped, course)
    assert {command.id for command in cramped.store.views.unsettled()} == set(said)
    # Reading goes on.
    assert cramped.store.views.course(course.uid).course.completed == len(said)
    report = cramped.sync()
    assert report.applied + report.duplicate == len(said)
    assert cramped.store.views.counts()["pending"] == 0
    assert len(cramped.world.completed(cramped.learner)) == len(said)
    assert reserve(cramped) < ballast.SIZE_BYTES
    # With room again clicks are saved, and the reserve is taken on anew.
    (disk / "films").unlink()
    assert cramped.store.complete(course.lessons[-1])
    cramped.store.close()
    cramped.store = Profiles(Home(disk / "home")).open(cramped.folder)
    assert reserve(cramped) == ballast.SIZE_BYTES


def test_without_the_reserve_no_acknowledgement_could_be_recorded(cramped, course, disk):
    # The world without the mechanism: that is why it is there.
    said = cramped.study(course, 0, 1, 2)
    jettison(cramped)
    fill_up(disk)
    said += click_until_full(cramped, course)
    with pytest.raises(StorageTrouble):
        cramped.sync()
    assert cramped.store.views.counts()["pending"] == len(said)


@pytest.mark.logs("The disk didn't take")
@pytest.mark.parametrize("failing", ["settle", "keep_certificate_file"])
def test_a_sync_that_the_disk_stops_is_not_told_as_done(cramped, course, monkeypatch, failing):
    cramped.study(course, *range(len(course.lessons)))
    Credentials(cramped.folder).write(cramped.token)
    loop = SyncLoop(
        cramped.store,
        Device(new_uuid4(), "laptop"),
        Credentials(cramped.folder),
        lambda _, token: Client(URL, token, cramped.transport),
    )

    def fail(*_):
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as broken:
        places = {"settle": "settling.settle", "keep_certificate_file": "land"}
        broken.setattr(f"lms_desktop.store.store.{places[failing]}", fail)
        loop._once()
    assert cramped.store.views.live == Live(), "nothing is being sent any more"
    assert cramped.store.views.status()["trouble"] == "storage"
    loop._once()
    assert cramped.store.views.status()["trouble"] is None
    assert cramped.store.views.counts()["pending"] == 0
    assert cramped.store.missing_certificates() == []


def test_a_sign_in_that_finds_no_room_keeps_the_last_one(cramped, disk):
    credentials, profiles = Credentials(cramped.folder), Profiles(Home(disk / "home"))
    credentials.write("the first")
    jettison(cramped)
    fill_up(disk)
    with pytest.raises(StorageTrouble, match="disk is full"):
        credentials.write("the second")
    with pytest.raises(StorageTrouble, match="disk is full"):
        profiles.make_current(cramped.folder)
    assert credentials.read() == "the first"
    assert profiles.current() == cramped.folder


def test_the_program_on_a_full_disk(cramped, course, disk):
    cramped.store.close()
    home = disk / "home"
    fill_up(disk)
    # Reading goes on, for the reserve gives the room that opening needs.
    with start(home, "status", "--json") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["pending"] == 0
    jettison(cramped)
    fill_up(disk)
    with start(home, "complete", course.lessons[0]) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (5, "")
    assert "disk is full" in err
    # Even without the reserve what lies there can be read.
    for verb in ("status", "catalog", "certificates"):
        with start(home, verb, "--json") as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "disk is full" in err
        assert json.loads(out) or verb == "certificates"
    (disk / "films").unlink()
    cramped.store = Profiles(Home(home)).open(cramped.folder)
    assert cramped.store.views.counts()["pending"] == 0


def test_a_read_only_disk_is_told(cramped, course, disk):
    said = cramped.study(course, 0)
    cramped.store.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for arguments in (["complete", course.lessons[1]], ["sync"]):
        with start(disk / "home", *arguments) as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (5, "")
        assert "can't be written" in err
    with start(disk / "home", "status", "--json") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["pending"]) == (0, 1)
    assert "can't be written" in err
    file = disk.parent / "unsent.json"
    with start(disk / "home", "export", file) as process:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert [command["id"] for command in json.loads(file.read_text())["commands"]] == said
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    cramped.store = Profiles(Home(disk / "home")).open(cramped.folder)
    assert cramped.store.views.counts()["pending"] == 1


AS_ANYBODY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="only root can give files away")
@pytest.mark.parametrize("theirs", ["folder", "database"])
def test_a_file_of_another_owner_is_told(machine, course, theirs):
    machine.run("status")
    other = machine.folder if theirs == "folder" else machine.folder / DATABASE
    os.chown(other, 65534, 65534)
    other.chmod(0o755 if theirs == "folder" else 0o644)
    with start(machine.home, "complete", course.lessons[0], before=AS_ANYBODY) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (5, ""), err
    assert "can't be written" in err
    assert not rows_of(machine.folder / DATABASE, "outbox")


@pytest.mark.skipif(not shutil.which("strace"), reason="strace makes a chosen system call fail")
def test_an_error_of_the_disk_is_never_a_success(machine, course):
    said, failures = set(), 0
    for turn, lesson in zip(range(1, 9), course.lessons, strict=False):
        inject = ("-e", "trace=fsync,fdatasync", "-e", f"inject=fsync,fdatasync:error=EIO:when={turn}")
        with start(machine.home, "complete", lesson, before=(*STRACE, *inject)) as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode == 0) == out.startswith("SAVED")
        assert process.returncode in {0, 5}, err
        failures += process.returncode == 5
        said |= {line.split()[1] for line in out.splitlines()}
        found = {row.command_id for row in rows_of(machine.folder / DATABASE, "outbox")}
        assert said <= found
    assert failures
    laptop = machine.reopen()
    laptop.sync()
    assert laptop.store.views.counts()["pending"] == 0


def test_a_click_whose_second_copy_fails_is_saved_and_says_so_in_a_line(machine, course):
    # The database uses fdatasync.
    inject = ("-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1")
    done = run(machine.home, "complete", course.lessons[0], before=(*STRACE, *inject))
    assert (done.returncode, done.stdout[:5]) == (0, "SAVED")
    assert len(done.stderr.splitlines()) == 1
    assert "saved all the same" in done.stderr


def test_connections_are_made_anew_after_an_error_of_the_disk(machine, course, monkeypatch):
    laptop = machine.reopen()
    said = laptop.study(course, 0)
    engine = laptop.store.database.engine
    pool = engine.pool

    def fail(_connection):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    with monkeypatch.context() as fault, pytest.raises(StorageTrouble) as trouble:  # noqa: PT012 # the fault ends with it
        fault.setattr(engine.dialect, "do_commit", fail)
        laptop.study(course, 1)
    assert trouble.value.code is Storage.TROUBLE
    assert engine.pool is not pool
    assert [command.id for command in laptop.store.views.unsettled()] == said
    laptop.study(course, 1)
    assert laptop.sync().applied == 2


def make_newer(folder):
    engine = open_sqlite(folder / DATABASE)
    with writing(engine) as conn:
        conn.execute(text("ALTER TABLE profile RENAME COLUMN url TO address"))
        conn.execute(text("PRAGMA user_version=99"))
    engine.dispose()


def test_a_newer_version_s_profile_is_not_written_but_exported(machine, course):
    laptop = machine.reopen()
    said = laptop.study(course, 0, 1)
    laptop.store.close()
    make_newer(machine.folder)
    before = (machine.folder / DATABASE).read_bytes()
    for arguments in (["complete", course.lessons[2]], ["status"], ["sync"], ["catalog"]):
        done = machine.run(*arguments)
        assert (done.returncode, done.stdout) == (5, "")
        assert "newer version" in done.stderr
    file = machine.home / "unsent.json"
    done = machine.run("export", file, "--json")
    assert (done.returncode, json.loads(done.stdout)["commands"]) == (0, 2), done.stderr
    document = json.loads(file.read_text())
    assert [command["id"] for command in document["commands"]] == said
    assert (document["user"], document["server_id"]) == (laptop.learner.uid, laptop.world.identity.server_id)
    assert (machine.folder / DATABASE).read_bytes() == before
    [account] = json.loads(machine.run("accounts", "--json").stdout)
    assert (account["name"], account["pending"]) == ("Ana Moreno", 2)
