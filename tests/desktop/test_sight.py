"""What the window shows before the store is open is what the store says."""

import threading
from pathlib import Path

import pytest

from lms_desktop.store import sight_sql
from lms_desktop.store.early import EarlyShelf
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.rows import Topic
from lms_desktop.store.sight import look
from lms_desktop.store.store import Store
from lms_server.contract.commands import Enroll
from lms_server.contract.ids import new_uuid7
from tests.desktop.make_sight import written
from tests.world import Laptop, World


@pytest.fixture
def folder(tmp_path):
    """A profile with courses in every state: finished, begun, taken up, not taken up, and work that waits."""
    world = World(tmp_path / "server")
    learner = world.learner()
    done, begun, new, _other = (world.course(f"course-{n}", count=3) for n in range(4))
    laptop = Laptop(world, learner, tmp_path / "profiles" / world.identity.server_id / learner.uid)
    laptop.sync()
    for course in (done, begun, new):
        laptop.store.enroll(course.uid)
    for uid in done.lessons:
        laptop.store.complete(uid)
    laptop.sync()
    laptop.store.complete(begun.lessons[0])
    with laptop.store.writing() as conn:
        conn.exec_driver_sql(
            "INSERT INTO downloads (course_uid, state, asked_at) VALUES (?, 'paused', 1), (?, 'queued', 2)",
            (begun.uid, new.uid),
        )
    laptop.close()
    world.close()
    return laptop.folder


@pytest.fixture
def store(folder, tmp_path):
    opened = Store(folder, Blobs(tmp_path / "blobs"))
    yield opened
    opened.close()


def test_its_statements_are_those_of_the_views():
    assert Path(sight_sql.__file__).read_text("utf-8") == written(), "run python -m tests.desktop.make_sight"


def test_it_tells_what_the_views_tell(folder, tmp_path):
    seen = look(folder)
    store = Store(folder, Blobs(tmp_path / "blobs"))
    views = store.views
    assert seen.learn == views.learn()
    assert seen.learn.next is not None
    assert seen.badge == views.badge()
    assert seen.badge.pending == 1
    assert set(seen.under_way) == set(views.under_way())
    assert len(seen.under_way) == 2
    assert seen.certificate_count == views.certificate_count() == 1
    assert seen.has_courses is views.has_courses() is True
    assert (seen.learner, seen.place) == (store.learner, store.place)
    store.close()


def test_it_leaves_an_unusual_profile_to_the_store(folder, store):
    assert look(folder) is None, "open elsewhere"
    with store.writing() as conn:
        conn.exec_driver_sql("PRAGMA user_version=7")
    store.close()
    assert look(folder) is None, "another version"
    (folder / DATABASE).write_bytes(b"nothing like a database" * 500)
    assert look(folder) is None, "damaged"
    (folder / DATABASE).unlink()
    assert look(folder) is None, "gone"
    assert not (folder / DATABASE).exists()


def test_what_is_not_seen_at_first_sight_waits_for_the_store(folder, tmp_path):
    wanted = threading.Event()
    shelf = EarlyShelf(look(folder), Blobs(tmp_path / "blobs"), wanted.set)
    told = []
    shelf.subscribe(told.append)

    def open_when_wanted():
        wanted.wait()
        shelf.arrive(Store(folder, Blobs(tmp_path / "blobs")))

    opener = threading.Thread(target=open_when_wanted)
    opener.start()
    [course] = [course for course in shelf.views.learn().courses if course.completed == 1]
    assert shelf.views.badge().pending == 1
    assert shelf.views.risk() is None
    assert not wanted.is_set()
    assert len(shelf.views.catalog().courses) == 4
    opener.join()
    assert told == [frozenset(Topic)]
    shelf.record(Enroll(new_uuid7(), next(c.uid for c in shelf.views.catalog().courses if not c.is_enrolled), 1))
    assert shelf.views.badge().pending == 2
    assert Topic.ENROLLMENTS in told[-1]
    assert course in shelf.views.learn().courses
    shelf.views._store().close()


def test_a_store_that_does_not_open_is_trouble_for_whoever_wants_it(folder, tmp_path):
    shelf = EarlyShelf(look(folder), Blobs(tmp_path / "blobs"), bool)
    shelf.fail(StorageTrouble(Storage.DAMAGED))
    assert shelf.views.learn().courses
    with pytest.raises(StorageTrouble):
        shelf.views.catalog()
