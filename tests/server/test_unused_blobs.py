"""Cleaning takes what nothing names, a day after it was seen, and never what somebody may still read."""

import json
import os
from dataclasses import replace

import pytest
from sqlalchemy import text

from lms_server import cli
from lms_server.actions import course_import, unused_blobs
from lms_server.actions.course_import import import_course
from lms_server.actions.courses import delete_course
from lms_server.actions.papers import ensure_pdf
from lms_server.actions.unused_blobs import GRACE_MS, clean_blobs, clean_daily
from lms_server.content.blobs import Blobs
from lms_server.content.read import read_course
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction
from lms_server.settings import read_settings
from tests.server.conftest import LESSONS, write_course
from tests.server.test_upkeep import check

HOUR_MS = 3600 * 1000
OTHER = LESSONS | {"02-call.md": "---\ntitle: Call\n---\nCall somebody else.\n"}


def later(context, ms):
    """The same server, whose clock says later; and files as old as they are by that clock."""
    return replace(context, clock=lambda: context.clock() + ms)


def on_disk(context):
    return {sha256 for sha256, _ in context.blobs.all()}


@pytest.fixture
def old(context):
    """Every file has been there for a year."""
    for sha256, _ in context.blobs.all():
        os.utime(context.blobs.path(sha256), (1, 1))
    return context


def test_what_anybody_may_still_read_stays(old, settings, ana, course, certificate):
    ensure_pdf(old, certificate["uuid"])
    import_course(old, read_course(write_course(settings.data / "p", lessons={"01-check.md": LESSONS["01-check.md"]})))
    delete_course(old, "first-aid")
    before = on_disk(old)
    assert not clean_blobs(later(old, GRACE_MS), grace_ms=0).removed
    assert on_disk(old) == before
    assert check(old, settings) == set()
    [removed] = [lesson for lesson in course["lessons"] if lesson["title"] == "Call"]
    for sha256 in (course["cover"], removed["body"]["sha256"], removed["attachments"][0]["sha256"]):
        assert ana.get(f"/api/v1/blobs/{sha256}").status_code == 200
    assert ana.get(f"/api/v1/certificates/{certificate['uuid']}/pdf").status_code == 200


@pytest.mark.parametrize(
    "only_named_by",
    [
        "DELETE FROM blob_uses",
        "UPDATE lessons SET body = NULL, attachments = '[]'; UPDATE courses SET cover = NULL",
    ],
)
def test_one_name_is_enough(old, only_named_by):
    before = on_disk(old)
    with old.engine.begin() as conn:
        for statement in only_named_by.split(";"):
            conn.execute(text(statement))
    clean_blobs(later(old, GRACE_MS), grace_ms=0)
    assert on_disk(old) == before


def test_a_cover_is_named_by_its_course(old, course):
    with old.engine.begin() as conn:
        conn.execute(text("DELETE FROM blob_uses"))
        conn.execute(text("UPDATE lessons SET attachments = '[]'"))
    clean_blobs(later(old, GRACE_MS), grace_ms=0)
    assert old.blobs.has(course["cover"])


def changed(context, folder):
    """The course with another second lesson; returns the text and the attachment that it had."""
    before = on_disk(context)
    import_course(context, read_course(write_course(folder, lessons=OTHER)))
    with reading(context.engine) as conn:
        named = unused_blobs._named(conn)
    assert len(before - named) == 2
    return before - named


def test_what_a_changed_course_left_goes_after_a_day(old, tmp_path):
    unused = changed(old, tmp_path / "p")
    before = on_disk(old)
    assert clean_blobs(old).waiting.keys() == unused
    assert not clean_blobs(later(old, GRACE_MS - HOUR_MS)).removed
    assert on_disk(old) == before
    assert clean_blobs(later(old, GRACE_MS), dry_run=True).removed.keys() == unused
    assert on_disk(old) == before
    done = clean_blobs(later(old, GRACE_MS))
    assert done.removed.keys() == unused
    assert sum(done.removed.values()) > 0
    assert on_disk(old) == before - unused
    with reading(old.engine) as conn:
        assert not unused & set(conn.execute(text("SELECT sha256 FROM blobs")).scalars())
    # And the course as it was comes back whole.
    import_course(old, read_course(write_course(tmp_path / "q")))
    assert unused <= on_disk(old)


def test_what_was_kept_a_moment_ago_stays(old, tmp_path):
    unused = changed(old, tmp_path / "p")
    clean_blobs(old)
    wanted = min(unused)
    old.blobs.put_all({wanted: lambda: pytest.fail("is here already")})
    day_later = replace(old, clock=lambda: int(old.blobs.path(wanted).stat().st_mtime * 1000) + HOUR_MS)
    note = old.blobs.root / "unused.json"
    note.write_text(json.dumps({"at": 0, "since": dict.fromkeys(unused, 0)}))
    assert clean_blobs(day_later).removed.keys() == unused - {wanted}
    assert old.blobs.has(wanted)


def test_an_import_under_way_gets_its_files_back(old, tmp_path, monkeypatch):
    """The files were there when it looked; then they were cleaned away; then it wrote its rows."""
    unused = changed(old, tmp_path / "p")
    write, cleaned = whole_transaction, []

    def after_cleaning(engine, run):
        for sha256 in unused:
            os.utime(old.blobs.path(sha256), (1, 1))
        cleaned.append(clean_blobs(later(old, GRACE_MS), grace_ms=0).removed.keys())
        return write(engine, run)

    monkeypatch.setattr(course_import, "whole_transaction", after_cleaning)
    import_course(old, read_course(write_course(tmp_path / "q")))
    assert cleaned == [unused]
    with reading(old.engine) as conn:
        assert unused_blobs._named(conn) <= on_disk(old)


def test_rows_that_name_a_file_again_are_seen_under_the_lock(old, tmp_path, monkeypatch):
    """Between the look and the removal, somebody imported the course as it was."""
    changed(old, tmp_path / "p")
    clean_blobs(old)
    first = whole_transaction

    def after_an_import(engine, run):
        monkeypatch.setattr(unused_blobs, "whole_transaction", first)
        import_course(old, read_course(write_course(tmp_path / "q")))
        for sha256, _ in old.blobs.all():
            os.utime(old.blobs.path(sha256), (1, 1))
        return first(engine, run)

    monkeypatch.setattr(unused_blobs, "whole_transaction", after_an_import)
    assert not clean_blobs(later(old, GRACE_MS)).removed
    with reading(old.engine) as conn:
        assert unused_blobs._named(conn) <= on_disk(old)


class CrashesError(Exception):
    pass


def test_a_crash_in_the_middle_harms_nothing(old, settings, tmp_path, monkeypatch):
    unused = changed(old, tmp_path / "p")
    clean_blobs(old)
    remove, taken = Blobs.remove, []

    def crash(blobs, sha256):
        if taken:
            raise CrashesError
        taken.append(sha256)
        remove(blobs, sha256)

    monkeypatch.setattr(Blobs, "remove", crash)
    with pytest.raises(CrashesError):
        clean_blobs(later(old, GRACE_MS))
    assert check(old, settings) == set()
    monkeypatch.undo()
    assert clean_blobs(later(old, GRACE_MS)).removed.keys() == unused - set(taken)
    import_course(old, read_course(write_course(tmp_path / "q")))
    assert check(old, settings) == set()


def test_a_damaged_note_costs_a_day(old, tmp_path):
    unused = changed(old, tmp_path / "p")
    clean_blobs(old)
    (old.blobs.root / "unused.json").write_bytes(b"\0")
    assert not clean_blobs(later(old, GRACE_MS)).removed
    assert clean_blobs(later(old, 2 * GRACE_MS)).removed.keys() == unused


def test_the_worker_cleans_once_a_day(old, tmp_path):
    unused = changed(old, tmp_path / "p")
    clean_daily(old)
    note = (old.blobs.root / "unused.json").read_bytes()
    clean_daily(later(old, HOUR_MS))
    assert (old.blobs.root / "unused.json").read_bytes() == note
    clean_daily(later(old, GRACE_MS))
    assert not unused & on_disk(old)


def test_what_crashed_writers_left_goes_too(old):
    young, stale = (old.blobs.root / f".new-{name}" for name in ("young", "stale"))
    young.write_bytes(b"half")
    stale.write_bytes(b"half")
    os.utime(stale, (1, 1))
    clean_blobs(old)
    assert (young.exists(), stale.exists()) == (True, False)


def test_by_command_line(old, settings, tmp_path, capsys):
    unused = changed(old, tmp_path / "p")
    data = str(settings.data)
    old.engine.dispose()
    assert cli.main(["--data", data, "blobs", "clean", "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["removed"], set(said["waiting"])) == ([], unused)
    assert cli.main(["--data", data, "worker", "--once"]) == 0
    assert set(json.loads((settings.blob_folder / "unused.json").read_text())["since"]) == unused
    (settings.blob_folder / "unused.json").write_text(json.dumps({"at": 0, "since": dict.fromkeys(unused, 0)}))
    capsys.readouterr()
    assert cli.main(["--data", data, "blobs", "clean"]) == 0
    assert capsys.readouterr().out.startswith("removed 2 files")
    assert not unused & {sha256 for sha256, _ in Blobs(read_settings({}, settings.data).blob_folder).all()}
