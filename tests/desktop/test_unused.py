"""Files leave the laptop when nobody needs them: not before, and never another's."""

import os
import shutil
import sqlite3
from contextlib import closing
from io import BytesIO

import pytest

from lms_desktop.settings import Device, Home
from lms_desktop.store import unused, wanted
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.rescue import FILES_NOT_KNOWN
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.downloads import Download
from lms_desktop.sync.loop import SyncLoop
from lms_server.contract.ids import new_uuid4
from tests.desktop.shop import bring_in, take_up, write_course
from tests.wait import until
from tests.world import URL, Laptop, World

LARGE, SMALL = 1, 4


@pytest.fixture
def package(tmp_path):
    return write_course(tmp_path / "package", large=LARGE, small=SMALL)


@pytest.fixture
def world(tmp_path, package):
    world = World(tmp_path / "server")
    bring_in(world, package)
    yield world
    world.close()


@pytest.fixture
def sit(world, tmp_path):
    """Somebody's profile on the one laptop; all of them share its files."""
    home = Home(tmp_path / "home")
    open_ones = []

    def make(name):
        who = world.learner(f"{name.lower()}@example.org", name)
        laptop = Laptop(world, who, folder_of(home.profiles, world.identity.server_id, who.uid))
        laptop.store.close()
        laptop.store = Profiles(home).open(laptop.folder)
        open_ones.append(laptop)
        return laptop

    yield make
    for laptop in open_ones:
        laptop.close()


@pytest.fixture
def ana(sit):
    return sit("Ana")


def fetch(laptop, uid):
    Download(laptop.store, Client(URL, laptop.token, laptop.transport), uid).run()


def take_home(laptop, slug="films"):
    uid = take_up(laptop, slug)
    fetch(laptop, uid)
    return uid


def files(laptop, uid):
    return {file.sha256 for lesson in wanted.lessons_of(laptop.store, uid) for file in lesson.files}


def on_disk(laptop):
    return {sha256 for sha256, _ in laptop.store.blobs.all()}


def clean(laptop):
    return unused.clean(laptop.store, grace_s=-5)


def course(laptop, uid):
    return laptop.store.views.course(uid).course


def test_removing_a_download_keeps_progress(ana):
    uid = take_home(ana)
    lesson = ana.store.views.course(uid).lessons[0].uid
    ana.store.complete(lesson)
    there = sum(stat.st_size for _, stat in ana.store.blobs.all())
    assert unused.remove(ana.store, uid) == there
    assert not on_disk(ana)
    assert (course(ana, uid).completed, course(ana, uid).is_here, course(ana, uid).bytes_here) == (1, False, 0)
    assert not ana.store.views.search("word")
    ana.sync()
    fetch(ana, uid)
    assert course(ana, uid).is_here
    assert ana.store.views.search("word")


def test_what_two_courses_share_stays_with_the_other(ana, world, tmp_path, package):
    other = write_course(tmp_path / "other", large=0, small=SMALL, slug="other")
    shutil.copy(package / "0.mp4", other / "0.mp4")
    (other / "lessons" / "00.md").write_text("# Film 0\n\n[film](/0.mp4)\n")
    bring_in(world, other)
    films, second = take_home(ana), take_home(ana, "other")
    shared = files(ana, films) & files(ana, second)
    assert shared
    unused.remove(ana.store, films)
    assert on_disk(ana) == files(ana, second)
    clean(ana)
    assert on_disk(ana) == files(ana, second)
    assert course(ana, second).is_here


def test_what_another_learner_has_stays(ana, sit):
    ben = sit("Ben")
    uid = take_home(ana)
    take_home(ben)
    before = on_disk(ana)
    assert unused.remove(ana.store, uid) == 0
    clean(ana)
    assert on_disk(ben) == before == files(ben, uid)
    assert not course(ana, uid).is_here
    assert course(ben, uid).is_here
    unused.remove(ben.store, uid)
    assert not on_disk(ben)


def test_what_a_download_is_fetching_stays(ana, sit):
    """Ben's began, and some of its files and a part of another have come."""
    ben = sit("Ben")
    uid = take_up(ben)
    wanted.ask(ben.store, uid, "paused")
    *some, begun = sorted(f.sha256 for m in wanted.lessons_of(ben.store, uid) for f in m.files if f.size < 1 << 20)[:4]
    for sha256 in some:
        ben.store.blobs.put_all({sha256: ben.world.context.blobs.read(sha256)})
    part = ben.store.blobs.part(begun)
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"begun")
    take_home(ana)
    unused.remove(ana.store, uid)
    clean(ana)
    assert set(some) <= on_disk(ben)
    assert part.exists()
    wanted.forget(ben.store, uid)
    clean(ana)
    assert not on_disk(ben)


def test_what_a_changed_course_left_goes(ana, world, package):
    uid = take_home(ana)
    old = files(ana, uid)
    (package / "lessons" / f"{LARGE:02}.md").write_text("# New words\n\nNothing like before.\n")
    (package / "lessons" / f"{LARGE + 1:02}.md").unlink()
    bring_in(world, package)
    ana.sync()
    clean(ana)
    assert on_disk(ana) == old & files(ana, uid)
    assert len(on_disk(ana)) == len(old) - 2
    fetch(ana, uid)
    clean(ana)
    assert on_disk(ana) == files(ana, uid)
    assert course(ana, uid).is_here


def test_a_removed_lesson_that_was_opened_can_still_be_read(ana, world, package):
    uid = take_home(ana)
    opened, other = [row.uid for row in ana.store.views.course(uid).lessons][-2:]
    ana.store.start(opened)
    (package / "lessons" / f"{LARGE + SMALL - 1:02}.md").unlink()
    (package / "lessons" / f"{LARGE + SMALL - 2:02}.md").unlink()
    bring_in(world, package)
    ana.sync()
    clean(ana)
    assert ana.store.views.lesson(opened).html
    assert ana.store.views.lesson(other).html is None


def test_young_files_and_covers_stay(ana, world):
    cover = ana.world.context.blobs.put(BytesIO(b"a picture"))
    uid = take_up(ana)
    with ana.store.writing() as conn:
        conn.exec_driver_sql(f"UPDATE courses SET cover = '{cover}'")
    ana.store.blobs.put(cover, b"a picture")
    young = files(ana, uid)
    for sha256 in young:
        ana.store.blobs.put(sha256, world.context.blobs.read(sha256))
    unused.clean(ana.store)
    assert on_disk(ana) == young | {cover}
    clean(ana)
    assert on_disk(ana) == {cover}


def test_a_crash_between_saying_and_doing_is_made_good(ana, monkeypatch):
    uid = take_home(ana)

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "remove", crash)
        with pytest.raises(KeyboardInterrupt):
            unused.remove(ana.store, uid)
    # It says that nothing is here, and what still lies there goes with the next cleaning.
    assert not course(ana, uid).is_here
    assert on_disk(ana)
    clean(ana)
    assert not on_disk(ana)
    left = ana.store.blobs.root / "ab"
    left.mkdir(exist_ok=True)
    (left / ".new-x").write_bytes(b"half")
    clean(ana)
    assert not (left / ".new-x").exists()


@pytest.mark.parametrize("trouble", ["damaged", "gone", "newer", "made anew"])
def test_nothing_goes_while_a_profile_cannot_say_what_it_uses(ana, sit, trouble):
    ben = sit("Ben")
    uid = take_home(ana)
    take_home(ben)
    ben.store.close()
    database = ben.folder / DATABASE
    kept = database.read_bytes()
    # What it says now isn't what is true.
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.execute("UPDATE lessons SET is_here = 0")
    if trouble == "damaged":
        database.write_bytes(kept[:1000] + os.urandom(len(kept) - 1000))
    elif trouble == "gone":
        database.unlink()
    elif trouble == "newer":
        said = database.read_bytes()
        database.write_bytes(said[:60] + (99).to_bytes(4, "big") + said[64:])
    else:
        (ben.folder / FILES_NOT_KNOWN).touch()
    before = on_disk(ana)
    assert unused.remove(ana.store, uid) == 0
    assert clean(ana) == 0
    assert on_disk(ana) == before
    database.write_bytes(kept)
    (ben.folder / FILES_NOT_KNOWN).unlink(missing_ok=True)
    ben.store = Profiles(Home(ben.folder.parents[2])).open(ben.folder)
    assert course(ben, uid).is_here


def test_a_profile_made_anew_finds_its_files_again(ana, tmp_path):
    uid = take_home(ana)
    before = on_disk(ana)
    ana.store.close()
    (ana.folder / DATABASE).write_bytes(b"\0" * 5000)
    ana.store = Profiles(Home(tmp_path / "home")).open(ana.folder)
    clean_too_early = unused._used
    with pytest.raises(unused.NotKnown):
        clean_too_early(ana.store)
    ana.sync()
    clean(ana)
    assert on_disk(ana) == before
    assert course(ana, uid).is_here
    assert not (ana.folder / FILES_NOT_KNOWN).exists()
    assert ana.store.views.search("word")


def test_the_program_cleans_after_a_sync(ana):
    uid = take_home(ana)
    place = ana.store.blobs.path("0f" * 32)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"nobody's")
    os.utime(place, (1, 1))
    Credentials(ana.folder).write(ana.token)
    device = Device(new_uuid4(), "laptop")
    loop = SyncLoop(ana.store, device, Credentials(ana.folder), lambda _, token: Client(URL, token, ana.transport))
    loop.start()
    until(lambda: not place.exists())
    loop.stop()
    assert on_disk(ana) == files(ana, uid)
