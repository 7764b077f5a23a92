"""The dispatch journal survives crashes, sees damage, and is shared by processes."""

import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256

import pytest

from lms_server.jobs.journal import BadJournal, Entry, Event, Journal, read_entries


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal" / "dispatch.jsonl"


def test_what_was_appended_is_known_to_others(path):
    mine, other = Journal(path), Journal(path)
    assert (mine.last_seq, mine.last_event("a")) == (0, None)
    assert mine.append(Event.INTENT, "a", 1) == 1
    assert other.append(Event.ACCEPTED, "a", 2) == 2
    assert mine.append(Event.INTENT, "b", 3) == 3
    assert (other.last_seq, other.last_event("a"), other.last_event("b")) == (3, Event.ACCEPTED, Event.INTENT)
    assert [entry.event for entry in read_entries(path)] == ["intent", "accepted", "intent"]


def test_a_torn_last_line_is_dropped_at_every_length(path):
    journal = Journal(path)
    journal.append(Event.INTENT, "a", 1)
    whole = path.read_bytes()
    journal.append(Event.ACCEPTED, "a", 2)
    torn = path.read_bytes()
    for length in range(len(whole), len(torn)):
        path.write_bytes(torn[:length])
        again = Journal(path)
        assert (again.last_seq, again.last_event("a")) == (1, Event.INTENT)
        assert again.append(Event.ABANDONED, "a", 3) == 2
        assert Journal(path).last_event("a") is Event.ABANDONED


def test_damage_before_the_last_line_is_noticed(path):
    journal = Journal(path)
    for number in range(3):
        journal.append(Event.INTENT, str(number), 1)
    content = bytearray(path.read_bytes())
    content[30] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadJournal):
        Journal(path).last_event("0")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[1] + lines[2])
    with pytest.raises(BadJournal):
        Journal(path).append(Event.INTENT, "x", 1)


def test_a_journal_that_shrank_is_read_afresh(path):
    journal = Journal(path)
    journal.append(Event.INTENT, "a", 1)
    whole = path.read_bytes()
    journal.append(Event.ACCEPTED, "a", 2)
    path.write_bytes(whole)
    assert (journal.last_seq, journal.last_event("a")) == (1, Event.INTENT)
    path.unlink()
    assert (journal.last_seq, journal.last_event("a")) == (0, None)


def damage(path, *, lines):
    content = path.read_bytes().splitlines(keepends=True)
    for line in lines:
        content[line] = content[line].replace(b'"seq"', b'"sEq"')
    path.write_bytes(b"".join(content))


def test_a_damaged_journal_goes_on_with_its_whole_lines(path):
    journal = Journal(path)
    for number in range(5):
        journal.append(Event.INTENT, str(number), 1)
    journal.append(Event.ACCEPTED, "4", 1)
    damage(path, lines=[1, 3])
    damaged = path.read_bytes()
    Journal(path).mend(7)
    again = Journal(path)
    assert [again.last_event(str(number)) for number in range(5)] == ["intent", None, "intent", None, "accepted"]
    assert again.append(Event.INTENT, "5", 2) == 5
    assert path.with_name("dispatch.damaged-7.jsonl").read_bytes() == damaged
    # Who had read it while it was whole, and finds it as long as it was.
    assert (journal.last_event("3"), journal.last_event("5"), journal.last_seq) == (None, Event.INTENT, 5)
    kept = path.read_bytes()
    again.mend(8)
    assert path.read_bytes() == kept
    assert not path.with_name("dispatch.damaged-8.jsonl").exists()


def test_what_a_lock_does_to_the_file_s_place_loses_no_line(path, monkeypatch):
    @contextmanager
    def locked(file):
        # As on Windows, where a byte far behind the end is locked.
        file.seek(1 << 40)
        yield

    journal = Journal(path)
    for key in "abc":
        journal.append(Event.INTENT, key, 1)
    damaged = path.read_bytes().replace(b'"a"', b'"x"')
    path.write_bytes(damaged)
    monkeypatch.setattr("lms_server.jobs.journal._locked", locked)
    # This one had read it before it was damaged.
    journal.mend(7)
    assert [entry.key for entry in read_entries(path)] == ["b", "c"]
    assert path.with_name("dispatch.damaged-7.jsonl").read_bytes() == damaged


def test_a_journal_that_is_not_there_needs_no_mending(path):
    Journal(path).mend(7)
    assert not path.parent.exists()


def test_processes_append_without_gaps(path):
    program = (
        "import sys; from pathlib import Path; from lms_server.jobs.journal import Event, Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(25): journal.append(Event.INTENT, sys.argv[2])"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [entry.seq for entry in read_entries(path)] == list(range(1, 76))


def test_a_backups_entries_are_added(path, tmp_path):
    old = Journal(tmp_path / "old.jsonl")
    old.append(Event.INTENT, "a", 1)
    old.append(Event.ACCEPTED, "a", 2)
    old.append(Event.INTENT, "b", 3)
    mine = Journal(path)
    mine.append(Event.INTENT, "b", 4)
    mine.append(Event.ACCEPTED, "b", 5)
    # Of a mail only the last line says how it stands.
    assert mine.add_entries_of(tmp_path / "old.jsonl") == 1
    assert (mine.last_event("a"), mine.last_event("b")) == (Event.ACCEPTED, Event.ACCEPTED)
    assert mine.add_entries_of(tmp_path / "old.jsonl") == 0
    assert mine.add_entries_of(tmp_path / "missing.jsonl") == 0


def test_what_a_backup_knows_of_a_mail_that_may_go_is_added(path, tmp_path):
    """A rolled back journal, and a backup made after the mail went."""
    mine, later = Journal(path), tmp_path / "later.jsonl"
    for number, event in enumerate((Event.INTENT, Event.ABANDONED), 1):
        mine.append(event, "a", number)
    later.write_bytes(path.read_bytes())
    for number, event in enumerate((Event.INTENT, Event.ACCEPTED), 3):
        Journal(later).append(event, "a", number)
    assert mine.add_entries_of(later) == 1
    assert mine.last_event("a") is Event.ACCEPTED
    # Nor does an older one make a mail free again.
    assert Journal(later).add_entries_of(path) == 0
    older = tmp_path / "older.jsonl"
    Journal(older).append(Event.ABANDONED, "a", 5)
    assert mine.add_entries_of(older) == 0


def test_a_journal_that_lost_lines_takes_no_older_one_for_the_last(path, tmp_path):
    whole = Journal(tmp_path / "backup.jsonl")
    for number, event in enumerate((Event.INTENT, Event.ABANDONED, Event.INTENT), 1):
        whole.append(event, "a", number)
    mine = Journal(path)
    mine.append(Event.INTENT, "a", 3)
    assert mine.add_entries_of(tmp_path / "backup.jsonl") == 0
    assert mine.last_event("a") is Event.INTENT


def test_in_doubt_weighs_more_than_held(path, tmp_path):
    """After an admin's release only one that is held may go."""
    Journal(tmp_path / "backup.jsonl").append(Event.HELD, "a", 1)
    mine = Journal(path)
    mine.append(Event.INTENT, "a", 2)
    assert mine.add_entries_of(tmp_path / "backup.jsonl") == 0
    held = Journal(tmp_path / "held.jsonl")
    held.append(Event.HELD, "a", 1)
    assert held.add_entries_of(path) == 1
    assert held.last_event("a") is Event.INTENT


def test_the_past_is_no_mail_s(path, tmp_path):
    other = Journal(tmp_path / "other.jsonl")
    other.append_all([Entry(0, Event.PAST, "catalog", 1, ("x", "y")), Entry(0, Event.HELD, "a", 2)])
    assert (other.last_seq, other.last_event("catalog"), other.last_event("a")) == (2, None, Event.HELD)
    mine = Journal(path)
    mine.append(Event.INTENT, "b", 1)
    assert mine.add_entries_of(tmp_path / "other.jsonl") == 2
    again = Journal(path)
    assert again.has_seen("catalog", "y")
    assert not again.has_seen("catalog", "z")
    assert not again.has_seen("me", "y")
    assert mine.add_entries_of(tmp_path / "other.jsonl") == 0


def test_a_journal_of_an_older_version_is_read(path):
    path.parent.mkdir(exist_ok=True)
    document = b'{"seq":1,"event":"accepted","certificate":"a","at":1795000000000}'
    path.write_bytes(f"{sha256(document).hexdigest()[:16]} ".encode() + document + b"\n")
    journal = Journal(path)
    assert journal.last_event("a") is Event.ACCEPTED
    assert journal.append(Event.PAST, "catalog") == 2
    assert Journal(path).last_event("a") is Event.ACCEPTED
