"""A profile of every released version opens; a crash on the way leaves the old database or the new one."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from lms_desktop.store import profile
from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE, SCHEMA_VERSION
from lms_desktop.store.migrations.steps import STEPS
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.store import Store
from lms_server.contract.ids import new_uuid4
from tests.desktop.program import ROOT

DATA = Path(__file__).parent / "data"
VERSIONS = sorted(DATA.glob("version-*.sqlite3"))
NEXT = SCHEMA_VERSION + 1


def schema_of(file):
    """Every table and index as lines of SQL; SQLAlchemy writes a table's constraints in any order."""
    with closing(sqlite3.connect(file)) as conn:
        found = conn.execute("SELECT type || ' ' || name, sql FROM sqlite_master").fetchall()
    return {name: sorted(line.strip(" \t,") for line in (sql or "").splitlines()) for name, sql in found}


def version_of(file):
    with closing(sqlite3.connect(file)) as conn:
        return conn.execute("PRAGMA user_version").fetchone()[0]


def columns_of(file):
    with closing(sqlite3.connect(file)) as conn:
        return [row[1] for row in conn.execute("PRAGMA table_info(profile)")]


@pytest.fixture
def old(tmp_path):
    """A folder with the present version's file in it."""
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copy(DATA / f"version-{SCHEMA_VERSION}.sqlite3", folder / DATABASE)
    return folder


def opened(folder):
    return Store(folder, Blobs(folder.parent / "blobs"))


def test_each_released_version_is_kept():
    assert [file.stem for file in VERSIONS] == [f"version-{number}" for number in range(1, SCHEMA_VERSION + 1)]
    assert sorted(STEPS) == list(range(2, SCHEMA_VERSION + 1))


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_a_profile_of_any_version_goes_on(file, tmp_path):
    shutil.copy(file, tmp_path / DATABASE)
    store = opened(tmp_path)
    assert store.learner.name == "Ana Moreno"
    [course] = store.views.learn().courses
    assert (course.title, course.completed, course.lessons) == ("First-Aid", 2, 3)
    assert store.views.counts() == {"pending": 1, "parked": 0, "rejected": 0}
    lessons = store.views.course(course.uid).lessons
    store.complete(lessons[2].uid)
    store.close()
    assert version_of(tmp_path / DATABASE) == SCHEMA_VERSION


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_an_old_profile_becomes_what_a_new_one_is(file, tmp_path):
    # Red when a table was changed without a step and a version; before the first release make_version writes it anew.
    new, old = tmp_path / "new", tmp_path / "old"
    profile.create(new, Owner(Place(new_uuid4(), "", ""), "", Learner(None, "", "")))
    old.mkdir()
    shutil.copy(file, old / DATABASE)
    opened(old).close()
    assert schema_of(old / DATABASE) == schema_of(new / DATABASE)


@pytest.fixture
def step(monkeypatch):
    """Puts a step to the next version in place."""

    def put(run):
        monkeypatch.setitem(STEPS, NEXT, run)
        monkeypatch.setattr(profile, "SCHEMA_VERSION", NEXT)

    return put


def add_color(conn):
    conn.execute(text("ALTER TABLE profile ADD COLUMN color TEXT"))


def test_a_step_runs_once_and_keeps_a_copy(old, step):
    step(add_color)
    opened(old).close()
    store = opened(old)
    assert store.views.counts()["pending"] == 1
    store.close()
    copy = old / f"store.version-{SCHEMA_VERSION}.sqlite3"
    assert (version_of(old / DATABASE), version_of(copy)) == (NEXT, SCHEMA_VERSION)
    assert "color" in columns_of(old / DATABASE)
    assert "color" not in columns_of(copy)


def test_a_step_that_fails_changes_nothing(old, step):
    def fail(conn):
        add_color(conn)
        conn.execute(text("DELETE FROM outbox"))
        raise RuntimeError("a bug in a step")

    step(fail)
    with pytest.raises(RuntimeError):
        opened(old)
    assert version_of(old / DATABASE) == SCHEMA_VERSION
    assert "color" not in columns_of(old / DATABASE)
    step(add_color)
    store = opened(old)
    assert store.views.counts()["pending"] == 1
    store.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import text
from lms_desktop.store import profile
from lms_desktop.store.files import Blobs
from lms_desktop.store.migrations.steps import STEPS
from lms_desktop.store.store import Store

def step(conn):
    conn.execute(text("ALTER TABLE profile ADD COLUMN color TEXT"))
    conn.execute(text("DELETE FROM outbox"))
    os.kill(os.getpid(), signal.SIGKILL)

profile.SCHEMA_VERSION += 1
STEPS[profile.SCHEMA_VERSION] = step
Store(Path(sys.argv[1]), Blobs(Path(sys.argv[1]) / "blobs"))
"""


def test_a_kill_in_a_step_leaves_the_old_database(old, step):
    done = subprocess.run([sys.executable, "-c", KILLED, old], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert version_of(old / DATABASE) == SCHEMA_VERSION
    assert "color" not in columns_of(old / DATABASE)
    step(add_color)
    store = opened(old)
    assert store.views.counts()["pending"] == 1
    store.close()
    assert version_of(old / DATABASE) == NEXT


def test_signing_in_does_not_write_a_newer_profile(old):
    with closing(sqlite3.connect(old / DATABASE)) as conn:
        conn.execute("PRAGMA user_version=99")
        before = conn.execute("SELECT url FROM profile").fetchone()
    owner = Owner(Place(new_uuid4(), "http://elsewhere.test", ""), "", Learner(None, "", ""))
    with pytest.raises(StorageTrouble) as trouble:
        profile.create(old, owner)
    assert trouble.value.code == "newer"
    with closing(sqlite3.connect(old / DATABASE)) as conn:
        assert conn.execute("SELECT url FROM profile").fetchone() == before
