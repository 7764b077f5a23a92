"""Downloads come whole or not at all, go on from the byte where they stopped, and ask for nothing twice."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from lms_desktop.settings import Device, Home
from lms_desktop.store import wanted
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import Blobs
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.downloads import Download, Incomplete, Stopped, bring
from lms_desktop.sync.downloads.line import Progress
from lms_desktop.sync.errors import Offline
from lms_desktop.sync.loop import SyncLoop
from lms_server.contract.ids import new_uuid4
from tests.desktop.program import ROOT, start
from tests.desktop.shop import (
    LARGE,
    LARGE_BYTES,
    SMALL,
    bring_in,
    client_of,
    is_whole,
    move_to,
    open_shop,
    take_up,
    write_course,
)
from tests.wait import until
from tests.world import Laptop, World

PATIENCE_S = 20


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    bring_in(world, write_course(tmp_path / "package"))
    yield world
    world.close()


@pytest.fixture
def shop(world):
    with open_shop(world) as shop:
        yield shop


@pytest.fixture
def laptop(world, tmp_path):
    home = Home(tmp_path / "home")
    who = world.learner()
    folder = folder_of(home.profiles, world.identity.server_id, who.uid)
    laptop = Laptop(world, who, folder)
    laptop.store.blobs = Blobs(home.blobs)
    laptop.store.views._blobs = laptop.store.blobs
    yield laptop
    laptop.close()


@pytest.fixture
def films(laptop):
    return take_up(laptop)


def sizes(laptop, uid):
    files = [file for lesson in wanted.lessons_of(laptop.store, uid) for file in lesson.files]
    return {file.sha256: file.size for file in files}


def fetch(laptop, shop, uid, **options):
    client = client_of(laptop, shop)
    try:
        return Download(laptop.store, client, uid, **options).run()
    finally:
        client.close()


def is_here(laptop, uid):
    return laptop.store.views.course(uid).course.is_here


def test_everything_comes_over_four_connections_at_most(laptop, shop, films):
    four = threading.Barrier(4)

    def wait_for_others(asked, pieces):
        if asked.is_large and asked.start == 0 and len([a for a in shop.asked if a.is_large]) <= 4:
            four.wait(PATIENCE_S)
        yield from pieces

    shop.twist = wait_for_others
    expected = sizes(laptop, films)
    assert fetch(laptop, shop, films) == sum(expected.values())
    assert shop.most_active == 4
    assert [a.is_large for a in shop.asked].count(True) == LARGE
    assert [a.is_large for a in shop.asked].count(False) == 1
    assert all(is_whole(laptop.store.blobs, sha256) for sha256 in expected)
    assert is_here(laptop, films)
    shop.forget()
    assert fetch(laptop, shop, films) == 0
    assert not shop.asked


def test_a_killed_download_goes_on_from_the_byte_where_it_stopped(laptop, shop, films, tmp_path):
    expected = sizes(laptop, films)
    blobs = laptop.store.blobs
    move_to(laptop, shop)
    laptop.store.close()
    Profiles(Home(tmp_path / "home")).make_current(laptop.folder)
    never = threading.Event()

    def stop_in_the_middle(asked, pieces):
        for piece in pieces:
            if asked.is_large:
                half = len(piece) // 2
                yield piece[:half]
                never.wait(PATIENCE_S)
            yield piece[half:] if asked.is_large else piece

    def parts():
        found = {s: blobs.part(s).stat().st_size for s in expected if blobs.part(s).exists()}
        return found if len(found) >= 3 and min(found.values()) > 10_000 else {}

    shop.twist = stop_in_the_middle
    with start(tmp_path / "home", "download", "films") as process:
        until(lambda: parts() and all(blobs.has(s) for s, size in expected.items() if size < LARGE_BYTES))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    have = parts()
    never.set()
    until(lambda: shop.active == 0)
    shop.forget()
    shop.twist = None
    with start(tmp_path / "home", "download", "films") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    asked = {a.path.rpartition("/")[2]: a for a in shop.asked}
    assert asked.keys() == {s for s, size in expected.items() if size >= LARGE_BYTES}
    assert {s: a.start for s, a in asked.items() if a.start} == have
    assert all(a.sent == expected[s] - a.start for s, a in asked.items())
    assert all(is_whole(blobs, sha256) for sha256 in expected)
    laptop.store = Profiles(Home(tmp_path / "home")).open(laptop.folder)
    assert is_here(laptop, films)
    assert wanted.asked_for(laptop.store) == []


LEAVES = """
import sys, threading
from pathlib import Path
from lms_desktop.settings import Device, Home
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.loop import SyncLoop

folder = Path(sys.argv[2])
store = Profiles(Home(Path(sys.argv[1]))).open(folder)
loop = SyncLoop(store, Device("0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80", "laptop"), Credentials(folder))
loop.download(sys.argv[3])
loop.start()
sys.stdin.readline()
"""


def test_a_server_that_stops_in_the_middle_does_not_hold_up_the_end(laptop, shop, films, tmp_path):
    move_to(laptop, shop)
    laptop.store.close()
    never = threading.Event()

    def stall(asked, pieces):
        for piece in pieces:
            if asked.is_large:
                never.wait()
            yield piece

    shop.twist = stall
    call = [sys.executable, "-c", LEAVES, str(tmp_path / "home"), str(laptop.folder), films]
    with subprocess.Popen(call, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: len([a for a in shop.asked if a.is_large]) >= 4)
        try:
            # It would wait for a minute for the next byte.
            _, err = process.communicate("leave\n", timeout=30)
        finally:
            process.kill()
            never.set()
    assert process.returncode == 0, err


def test_a_part_that_is_whole_asks_for_nothing_more(laptop, shop, films, world):
    """The crash came between the last byte and its name."""
    expected = sizes(laptop, films)
    for sha256 in expected:
        laptop.store.blobs.part(sha256).parent.mkdir(parents=True, exist_ok=True)
        laptop.store.blobs.part(sha256).write_bytes(world.context.blobs.read(sha256))
    fetch(laptop, shop, films)
    assert not [a for a in shop.asked if a.is_large]
    assert all(is_whole(laptop.store.blobs, sha256) for sha256 in expected)


def once(change):
    """Do this to the first large answer and to the first small one."""
    seen = set()

    def twist(asked, pieces):
        if asked.is_large in seen:
            return pieces
        seen.add(asked.is_large)
        return change(pieces)

    return twist


def garbled(pieces):
    for piece in pieces:
        # A tar's own lines are shorter.
        yield piece[:-9] + bytes(byte ^ 1 for byte in piece[-9:]) if len(piece) > 600 else piece


def cut(pieces):
    for piece in pieces:
        yield piece[: len(piece) // 2]
        return


def without_gzip(laptop, shop):
    client = client_of(laptop, shop)
    stream = client.stream
    client.stream = lambda *args, **options: stream(*args, **options | {"headers": {"Accept-Encoding": "identity"}})
    return client


def test_what_came_garbled_is_not_kept_and_asked_for_again(laptop, shop, films):
    expected = sizes(laptop, films)
    shop.twist = once(garbled)
    client = without_gzip(laptop, shop)
    kept = []

    def look(*_):
        kept.extend(s for s in expected if laptop.store.blobs.has(s) and not is_whole(laptop.store.blobs, s))

    Download(laptop.store, client, films, on_progress=look).run()
    client.close()
    assert not kept
    assert all(is_whole(laptop.store.blobs, sha256) for sha256 in expected)
    assert [a.is_large for a in shop.asked].count(True) == LARGE + 1
    assert [a.is_large for a in shop.asked].count(False) == 2


def test_what_came_squeezed_and_garbled_is_not_kept_either(laptop, shop, films):
    expected = sizes(laptop, films)
    shop.twist = once(garbled)
    for _ in range(5):
        with contextlib.suppress(Offline):
            fetch(laptop, shop, films)
            break
    assert all(is_whole(laptop.store.blobs, sha256) for sha256 in expected)


def test_what_was_cut_goes_on_next_time(laptop, shop, films):
    expected = sizes(laptop, films)
    shop.twist = once(cut)
    runs = 0
    while not is_here(laptop, films):
        runs += 1
        assert runs < 6
        with contextlib.suppress(Offline):
            fetch(laptop, shop, films)
    assert runs > 1
    assert all(is_whole(laptop.store.blobs, sha256) for sha256 in expected)
    assert sum(a.sent for a in shop.asked if a.is_large) == sum(s for s in expected.values() if s >= LARGE_BYTES)


def test_a_broken_line_is_not_tried_file_by_file(laptop, shop, films):
    shop.twist = lambda asked, pieces: cut(pieces) if asked.is_large else pieces
    with pytest.raises(Offline):
        fetch(laptop, shop, films)
    assert len([a for a in shop.asked if a.is_large]) <= 4 < LARGE


def test_a_server_that_never_has_it_right_is_not_asked_for_ever(laptop, shop, films):
    shop.twist = lambda asked, pieces: garbled(pieces) if asked.is_large else pieces
    with pytest.raises(Incomplete):
        fetch(laptop, shop, films)
    assert len([a for a in shop.asked if a.is_large]) == 3 * LARGE
    assert not [s for s, size in sizes(laptop, films).items() if size >= LARGE_BYTES and laptop.store.blobs.has(s)]


def test_a_lost_file_fails_its_course_and_no_other_file(laptop, shop, films, world):
    expected = sizes(laptop, films)
    lost = max(expected, key=expected.get)
    world.context.blobs.remove(lost)
    wanted.ask(laptop.store, films, "queued")
    client = client_of(laptop, shop)
    with pytest.raises(Incomplete):
        bring(Download(laptop.store, client, films))
    client.close()
    assert [s for s in expected if not laptop.store.blobs.has(s)] == [lost]
    [row] = laptop.store.views.downloads()
    assert (row.state, row.reason) == ("failed", "incomplete")


def test_a_changed_course_fetches_what_changed(laptop, shop, films, world, tmp_path):
    before = sizes(laptop, films)
    fetch(laptop, shop, films)
    package = tmp_path / "package"
    (package / "lessons" / f"{LARGE + 3:02}.md").write_text("# New words\n\nNothing like before.\n")
    (package / "1.mp4").write_bytes(os.urandom(LARGE_BYTES))
    bring_in(world, package)
    laptop.sync()
    assert not is_here(laptop, films)
    new = {s: size for s, size in sizes(laptop, films).items() if s not in before}
    assert len(new) == 2
    shop.forget()
    assert fetch(laptop, shop, films) == sum(new.values())
    assert [a.path.rpartition("/")[2] for a in shop.asked if a.is_large] == [s for s in new if new[s] >= LARGE_BYTES]
    assert is_here(laptop, films)


def test_room_is_looked_for_first(laptop, shop, films, monkeypatch):
    needed = sum(sizes(laptop, films).values())
    monkeypatch.setattr(Blobs, "free_bytes", lambda _: needed + 1_000_000)
    wanted.ask(laptop.store, films, "queued")
    client = client_of(laptop, shop)
    with pytest.raises(StorageTrouble) as trouble:
        bring(Download(laptop.store, client, films))
    client.close()
    assert trouble.value.code is Storage.FULL
    assert not shop.asked
    [row] = laptop.store.views.downloads()
    assert (row.state, row.reason) == ("failed", "disk_full")


def test_a_paused_download_stays_paused_with_what_came(laptop, shop, films):
    wanted.ask(laptop.store, films, "queued")
    going = threading.Event()
    going.set()

    def pause(asked, pieces):
        if asked.is_large:
            wanted.ask(laptop.store, films, "paused")
            going.clear()
        yield from pieces

    shop.twist = pause
    client = client_of(laptop, shop)
    with pytest.raises(Stopped):
        bring(Download(laptop.store, client, films, is_wanted=going.is_set))
    assert wanted.asked_for(laptop.store) == [(films, "paused")]
    shop.twist = None
    with pytest.raises(Stopped):
        bring(Download(laptop.store, client, films))
    wanted.ask(laptop.store, films, "queued")
    bring(Download(laptop.store, client, films))
    client.close()
    assert is_here(laptop, films)
    assert wanted.asked_for(laptop.store) == []


def test_lessons_can_be_read_while_the_others_come(laptop, shop, films):
    """The texts are here, and marked so, while the films still come."""
    readable = []

    def look(asked, pieces):
        until(lambda: sum(lesson.is_here for lesson in laptop.store.views.course(films).lessons) >= SMALL)
        readable.append(asked.path)
        yield from pieces

    shop.twist = lambda asked, pieces: look(asked, pieces) if asked.is_large else pieces
    fetch(laptop, shop, films)
    assert len(readable) == LARGE


def test_two_profiles_take_turns(laptop, shop, films):
    with laptop.store.blobs.downloading(), pytest.raises(Stopped):
        fetch(laptop, shop, films, is_wanted=lambda: False)
    assert not shop.asked
    fetch(laptop, shop, films)


def test_what_was_here_is_no_speed():
    told = []
    progress = Progress(lambda *figures: told.append(figures))
    progress.begin(1_000_000)
    progress.adjust(900_000)
    progress.tell()
    assert told[-1] == (900_000, 1_000_000, 0)
    progress.receive(50_000)
    progress.tell()
    done, total, rate = told[-1]
    assert (done, total) == (950_000, 1_000_000)
    assert rate == 0 or rate < 50_000 / 1e-6


def test_a_download_of_what_is_here_already_is_done_at_once(laptop, shop, films):
    fetch(laptop, shop, films)
    wanted.ask(laptop.store, films, "queued")
    told = []
    client = client_of(laptop, shop)
    assert bring(Download(laptop.store, client, films, lambda *figures: told.append(figures))) == 0
    client.close()
    assert told == [(0, 0, 0)]
    assert not wanted.asked_for(laptop.store)


@pytest.fixture
def loop(laptop, shop, films):
    move_to(laptop, shop)
    laptop.store.place = replace(laptop.store.place, url=shop.url)
    loop = SyncLoop(laptop.store, Device(new_uuid4(), "laptop"), Credentials(laptop.folder))
    yield loop
    loop.stop()


def test_a_click_is_sent_while_a_download_runs(laptop, shop, films, world, loop):
    is_free = threading.Event()

    def hold(asked, pieces):
        for piece in pieces:
            for at in range(0, len(piece), 8192):
                yield piece[at : at + 8192]
                is_free.wait(0.05)

    shop.twist = hold
    loop.start()
    loop.download(films)
    until(lambda: any(a.is_large and a.sent for a in shop.asked))
    lesson = laptop.store.views.course(films).lessons[0].uid
    laptop.store.complete(lesson)
    until(lambda: lesson in world.completed(laptop.learner))
    assert not is_here(laptop, films)
    is_free.set()
    until(lambda: is_here(laptop, films))
    assert max(a.start for a in shop.asked) > 0


def test_a_download_that_fails_holds_up_no_other(laptop, shop, films, world, loop, tmp_path):
    bring_in(world, write_course(tmp_path / "other", large=1, small=2, slug="other"))
    other = take_up(laptop, "other")
    expected = sizes(laptop, films)
    world.context.blobs.remove(max(expected, key=expected.get))
    loop.download(films)
    loop.download(other)
    loop.start()
    ended = {"films": "failed", "other": "done"}
    until(lambda: {row.course.slug: row.state for row in laptop.store.views.downloads()} == ended)
    assert is_here(laptop, other)
