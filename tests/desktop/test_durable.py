"""A click is on the disk before the program says so, and a kill leaves progress and outbox both or neither."""

import shutil
import signal

import pytest

from lms_server.contract.sqlite import open_sqlite, reading
from tests.desktop.program import STRACE, start
from tests.world import rows_of

KILLS = 20


def commands_and_progress(machine):
    """The ids in the outbox, and those of the completions, past all code."""
    file = machine.folder / "store.sqlite3"
    sent = {row.command_id for row in rows_of(file, "outbox")}
    return sent, {row.complete_command_id for row in rows_of(file, "lesson_progress")}


def kill_after_saved(machine, lesson):
    with start(machine.home, "complete", lesson) as process:
        line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    word, command_id = line.split()
    assert word == "SAVED"
    return command_id


def test_what_is_said_to_be_saved_survives_a_kill(machine, course):
    said = {kill_after_saved(machine, lesson) for lesson in course.lessons[:KILLS]}
    assert len(said) == KILLS
    assert commands_and_progress(machine) == (said, said)
    laptop = machine.reopen()
    laptop.sync()
    assert laptop.world.completed(laptop.learner) == set(course.lessons[:KILLS])


@pytest.mark.skipif(not shutil.which("strace"), reason="strace kills at a chosen system call")
@pytest.mark.parametrize("call", ["pwrite64", "fsync,fdatasync"])
def test_a_kill_at_any_write_leaves_both_or_neither(machine, course, call):
    said, kills = set(), 0
    when = range(1, 120, 4) if call == "pwrite64" else range(1, 40)
    for turn, lesson in zip(when, course.lessons, strict=False):
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={turn}")
        with start(machine.home, "complete", lesson, before=(*STRACE, *inject)) as process:
            out, _ = process.communicate(timeout=60)
        said |= {line.split()[1] for line in out.splitlines() if line.startswith("SAVED")}
        sent, done = commands_and_progress(machine)
        assert sent == done
        assert said <= sent
        kills += process.returncode != 0
        if process.returncode == 0:
            break
    else:
        pytest.fail("the kill came in every run: count further")
    assert said
    assert kills > 3


def test_every_commit_reaches_the_disk(machine):
    # A power cut can't be had in a test of seconds; NORMAL and OFF lose commits in one.
    engine = open_sqlite(machine.folder / "store.sqlite3")
    with reading(engine) as conn:
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()
