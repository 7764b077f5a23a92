"""A damaged database loses no unsent command: a new one is made, the old file is kept, and the learner is told."""

import contextlib
import json
import random
import shutil
import sqlite3
import time

import pytest

from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.journal import JOURNAL, Journal, read_journal
from lms_desktop.store.layout import DATABASE, OWNER
from lms_server.contract.commands import CompleteLesson
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.database.tables import enrollments
from tests.world import Laptop, rows_of


def delete(file):
    file.unlink()


def empty(file):
    file.write_bytes(b"")


def zero(file):
    file.write_bytes(bytes(file.stat().st_size))


def garble_header(file):
    file.write_bytes(b"This is no database" + file.read_bytes()[19:])


def truncate(file):
    file.write_bytes(file.read_bytes()[:5_000])


def flip(file):
    content = bytearray(file.read_bytes())
    for place in random.Random(7).sample(range(4096, len(content)), len(content) // 40):
        content[place] ^= 1 << place % 8
    file.write_bytes(bytes(content))


def another_file(file):
    file.write_bytes(b"%PDF-1.7 saved over it by mistake\n" * 300)


def another_database(file):
    file.unlink()
    change(file, "PRAGMA journal_mode=WAL", "CREATE TABLE notes (text)", "PRAGMA user_version=1")


def forget_the_learner(file):
    change(file, "DELETE FROM users")


def lose_a_table(file):
    change(file, "DROP TABLE syncs")


def spoil_the_search(file):
    # As when the file's last page is cut; the check that SQLite does of a file doesn't look into it.
    change(file, "DELETE FROM lesson_text_config")


def garble_the_schema(file):
    content = file.read_bytes()
    assert content.count(b"CREATE TABLE syncs") == 1
    file.write_bytes(content.replace(b"CREATE TABLE syncs", b"CREATE T\xb2BLE syncs"))


def garble_the_place(file):
    change(file, "UPDATE profile SET server_name = CAST(x'b2' AS text)")


def garble_the_server(file):
    change(file, "UPDATE profile SET server_id = CAST(x'b2' AS text)")


def garble_the_learner(file):
    change(file, "UPDATE users SET name = CAST(x'b2' AS text)")


def garble_an_id(file):
    # In the row and not in its index, which still finds it under the right one.
    content = file.read_bytes()
    place = content.index(b"complete_lesson", content.index(b"complete_lesson") + 1) - 1
    file.write_bytes(content[:place] + b"x" + content[place + 1 :])


def change(file, *statements):
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)


DAMAGES = [delete, empty, zero, garble_header, truncate, flip, another_file]
DAMAGES += [another_database, forget_the_learner, lose_a_table, spoil_the_search, garble_the_schema, garble_an_id]
DAMAGES += [garble_the_place, garble_the_server, garble_the_learner]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_loses_no_command(machine, course, damage):
    laptop = machine.reopen()
    laptop.study(course, 0, 1)
    laptop.sync()
    said = laptop.study(course, 2, 3, 4)
    laptop.store.close()
    damage(machine.folder / DATABASE)
    damaged = (machine.folder / DATABASE).read_bytes() if damage is not delete else None
    began = time.monotonic()
    store = machine.open()
    assert time.monotonic() - began < 5
    assert [command.id for command in store.views.unsettled()] == said
    assert store.learner.name == "Ana Moreno"
    assert (store.place.url, store.place.server_id) == ("http://server.test", laptop.world.identity.server_id)
    assert "3" in store.notice.text
    assert store.notice.kept_as in {file.name for file in machine.folder.iterdir()} | {""}
    # SQLite gives a file of no bytes a header before it can be asked anything.
    if damaged:
        assert (machine.folder / store.notice.kept_as).read_bytes() == damaged
    laptop.store = store
    assert laptop.sync().applied == 3
    assert laptop.world.completed(laptop.learner) == set(course.lessons[:5])
    page = store.views.course(course.uid)
    assert page.course.is_enrolled
    assert [lesson.is_completed for lesson in page.lessons[:6]] == [True] * 5 + [False]
    assert store.views.counts()["pending"] == 0
    store.dismiss_notice()
    assert store.notice is None


def test_the_command_line_says_so_and_goes_on(machine, course):
    done = machine.run("complete", course.lessons[0])
    assert done.returncode == 0, done.stderr
    zero(machine.folder / DATABASE)
    status = machine.run("status", "--json")
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["pending"] == 1
    assert "damaged" in status.stderr
    exported = machine.run("export", machine.home / "unsent.json")
    assert exported.returncode == 0
    [command] = json.loads((machine.home / "unsent.json").read_text())["commands"]
    assert f"SAVED {command['id']}" in done.stdout


def test_every_account_is_still_listed(machine, course):
    machine.run("complete", course.lessons[0])
    delete(machine.folder / DATABASE)
    [account] = json.loads(machine.run("accounts", "--json").stdout)
    assert (account["name"], account["pending"], account["current"]) == ("Ana Moreno", 1, True)
    assert not (machine.folder / DATABASE).exists()


def test_the_folder_s_name_is_enough_to_go_on(machine, course):
    machine.run("complete", course.lessons[0])
    zero(machine.folder / DATABASE)
    (machine.folder / OWNER).write_bytes(b"\0" * 200)
    store = machine.open()
    assert store.learner.uid == machine.folder.name
    assert store.views.counts()["pending"] == 1
    store.close()


def test_a_lost_write_ahead_log_loses_no_command(machine, course):
    laptop = machine.reopen()
    before = {file: file.read_bytes() for file in machine.folder.glob(f"{DATABASE}*")}
    said = laptop.study(course, 0, 1)
    laptop.store.close()
    # The file as it was before the clicks: healthy, and without them.
    for file in machine.folder.glob(f"{DATABASE}*"):
        file.unlink()
    for file, content in before.items():
        file.write_bytes(content)
    laptop.store = machine.open()
    assert [command.id for command in laptop.store.views.unsettled()] == said
    assert laptop.store.notice is None
    assert laptop.store.views.course(course.uid).course.completed == 2
    assert laptop.sync().applied == 2
    assert laptop.store.views.status()["acknowledged"] == 3


def test_an_acknowledged_command_does_not_come_back(machine, course):
    laptop = machine.reopen()
    laptop.study(course, 0, 1)
    kept = (machine.folder / JOURNAL).read_bytes()
    laptop.sync()
    laptop.store.close()
    assert not read_journal(machine.folder / JOURNAL)
    # The note that they are settled never reached the disk.
    (machine.folder / JOURNAL).write_bytes(kept)
    store = machine.open()
    assert store.views.counts()["pending"] == 0
    assert not read_journal(machine.folder / JOURNAL)
    store.close()


@pytest.mark.logs("The database is damaged")
@pytest.mark.parametrize("damage", [flip, garble_the_schema])
def test_damage_that_shows_later_is_mended_at_once(machine, course, damage):
    laptop = machine.reopen()
    said = laptop.study(course, 0, 1)
    laptop.store.database.engine.dispose()
    damage(machine.folder / DATABASE)
    with pytest.raises(StorageTrouble) as trouble:
        laptop.study(course, 2)
    assert trouble.value.code is Storage.DAMAGED
    assert [command.id for command in laptop.store.views.unsettled()] == said
    laptop.sync()
    said += laptop.study(course, 2)
    assert laptop.sync().applied == 1
    assert laptop.world.completed(laptop.learner) == set(course.lessons[:3])
    assert laptop.store.notice is not None


@pytest.mark.logs("The database is damaged")
def test_bytes_that_are_no_text_are_damage_too(machine, course):
    laptop = machine.reopen()
    said = laptop.study(course, 0, 1)
    change(machine.folder / DATABASE, "UPDATE outbox SET target = CAST(x'b2' AS text)")
    with pytest.raises(StorageTrouble) as trouble:
        laptop.sync()
    assert trouble.value.code is Storage.DAMAGED
    laptop.store.close()
    laptop = machine.reopen()
    assert [command.id for command in laptop.store.views.unsettled()] == said
    assert laptop.sync().applied == 2
    assert laptop.store.notice is not None


def test_a_lost_journal_is_written_anew_from_the_database(machine, course):
    laptop = machine.reopen()
    said = laptop.study(course, 0, 1)
    laptop.store.close()
    (machine.folder / JOURNAL).unlink()
    machine.open().close()
    assert list(read_journal(machine.folder / JOURNAL)) == said


@pytest.mark.logs("The journal beside the database")
def test_a_click_is_saved_while_the_journal_cannot_be(machine, course, monkeypatch):
    laptop = machine.reopen()
    kept = (machine.folder / JOURNAL).read_bytes()
    (machine.folder / JOURNAL).unlink()
    (machine.folder / JOURNAL).mkdir()
    said = laptop.study(course, 0)
    (machine.folder / JOURNAL).rmdir()
    (machine.folder / JOURNAL).write_bytes(kept)
    said += laptop.study(course, 1)
    assert list(read_journal(machine.folder / JOURNAL)) == said
    laptop.store.close()


def completion(lesson=None):
    return CompleteLesson(new_uuid7(), lesson or new_uuid4(), 1_790_000_000_000)


def test_a_journal_cut_at_any_byte_keeps_all_whole_lines(tmp_path):
    file = tmp_path / JOURNAL
    journal = Journal(file)
    commands = [completion() for _ in range(3)]
    for command in commands:
        journal.add([command])
    content = file.read_bytes()
    for end in range(len(content) + 1):
        file.write_bytes(content[:end])
        whole = content[:end].count(b"\n")
        # The last line is whole without its end too.
        assert list(read_journal(file).values()) in (commands[:whole], commands[: whole + 1])
        late = completion()
        Journal(file).add([late])
        assert late.id in read_journal(file)


def test_an_altered_line_is_skipped_and_its_neighbours_stay(tmp_path):
    file = tmp_path / JOURNAL
    commands = [completion() for _ in range(3)]
    Journal(file).add(commands)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    assert list(read_journal(file).values()) == [commands[0], commands[2]]


def test_a_journal_stays_as_short_as_its_work(tmp_path):
    file = tmp_path / JOURNAL
    journal = Journal(file)
    for _ in range(40):
        commands = [completion() for _ in range(50)]
        journal.add(commands)
        journal.settle([command.id for command in commands[1:]])
    assert len(read_journal(file)) == 40
    assert file.stat().st_size < 100_000


def test_the_outbox_is_read_when_the_journal_is_gone_too(machine, course):
    laptop = machine.reopen()
    said = laptop.study(course, 0)
    laptop.store.close()
    (machine.folder / JOURNAL).unlink()
    # A schema that says nothing of its version is no profile of ours, but its outbox can be read.
    content = bytearray((machine.folder / DATABASE).read_bytes())
    content[60:64] = bytes(4)
    (machine.folder / DATABASE).write_bytes(bytes(content))
    store = machine.open()
    assert [command.id for command in store.views.unsettled()] == said
    store.close()
    assert len(rows_of(machine.folder / DATABASE, "outbox")) == 1


def test_somebody_else_s_database_is_put_aside_with_their_work(machine, course, tmp_path):
    laptop = machine.reopen()
    laptop.study(course, 0, 1)
    laptop.store.close()
    world = laptop.world
    ben = Laptop(world, world.learner("ben@example.org", "Ben"), tmp_path / "ben")
    ben.sync()
    ben.store.enroll(course.uid)
    ben.close()
    for file in machine.folder.glob(f"{DATABASE}*"):
        file.unlink()
    shutil.copy(tmp_path / "ben" / DATABASE, machine.folder / DATABASE)
    laptop = machine.reopen()
    assert laptop.store.learner.name == "Ana Moreno"
    assert laptop.sync().applied == 2
    assert world.completed(laptop.learner) == set(course.lessons[:2])
    assert (machine.folder / laptop.store.notice.kept_as).exists()
    assert world.count(enrollments) == 1
