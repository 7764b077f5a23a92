"""Backup, restore and doctor: what is written can be read back, what is broken is named."""

import os
import shutil
import sqlite3
import threading
import zipfile
from contextlib import closing

import pytest
from falcon import testing
from sqlalchemy import text

from lms_server.actions.course_import import import_course
from lms_server.actions.installation import NotInstalled, install, open_server
from lms_server.actions.papers import ensure_pdf
from lms_server.actions.refusals import Refused
from lms_server.actions.users import find_user, list_users
from lms_server.actions.work import build_worker
from lms_server.content.read import read_course
from lms_server.contract.sqlite import reading, writing
from lms_server.database.identity import Identity
from lms_server.jobs.certificate_mails import list_mails
from lms_server.jobs.journal import Event, Journal
from lms_server.operate.backup import read_manifest, write_backup
from lms_server.operate.doctor import examine
from lms_server.operate.metrics import figures
from lms_server.operate.presence import present
from lms_server.operate.restore import restore_backup
from lms_server.settings import Registration, read_settings
from lms_server.web.app import Parts, create_app
from tests.server.conftest import COURSE, Client, made, write_course


def found(context, settings, *, deep=False):
    checks = examine(context, settings, deep=deep)
    return {row.name: row.detail for row in checks if not row.ok}


def check(context, settings):
    return set(found(context, settings))


def epoch(context):
    with reading(context.engine) as conn:
        return conn.execute(text("SELECT epoch FROM server")).scalar_one()


@pytest.fixture
def backup(context, settings, tmp_path, certificate):
    build_worker(context, settings.mail, settings.journal_file).run_once()
    return write_backup(settings, tmp_path / "out" / "backup.zip").path


def test_a_backup_makes_the_same_server_in_an_empty_folder(backup, context, tmp_path, certificate):
    other = read_settings({}, tmp_path / "elsewhere")
    restore_backup(other, backup)
    again = open_server(other)
    assert again.identity == context.identity
    assert [user.uid for user in list_users(again)] == [user.uid for user in list_users(context)]
    assert check(again, other) == set()
    assert epoch(again) != epoch(context)
    assert Journal(other.journal_file).last_event(certificate["uuid"]) is Event.ACCEPTED
    again.engine.dispose()


def test_a_backup_is_for_its_owner_s_eyes(backup):
    assert oct(backup.stat().st_mode)[-3:] == "600"
    assert not [path for path in backup.parent.iterdir() if path != backup]


def test_a_backup_taken_while_learners_work_is_whole(context, settings, ana, course, tmp_path):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            ana.sync(made("enroll", course=course["uid"]))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        files = [write_backup(settings, tmp_path / f"{number}.zip").path for number in range(3)]
    finally:
        stop.set()
        thread.join()
    for number, file in enumerate(files):
        other = read_settings({}, tmp_path / f"again-{number}")
        restore_backup(other, file)
        again = open_server(other)
        assert check(again, other) == set()
        again.engine.dispose()


def test_a_restore_keeps_the_journal_that_is_there(backup, context, settings):
    Journal(settings.journal_file).append(Event.ACCEPTED, "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80")
    before = Journal(settings.journal_file).last_seq
    context.engine.dispose()
    restore_backup(settings, backup)
    assert Journal(settings.journal_file).last_seq == before
    settings.journal_file.unlink()
    restore_backup(settings, backup)
    assert Journal(settings.journal_file).last_seq > 0


def states(context):
    with reading(context.engine) as conn:
        return [row.state for row in list_mails(conn)]


def mail_everything(context, settings):
    build_worker(context, settings.mail, settings.journal_file).run_once()
    return states(context)


@pytest.mark.logs("rolled back")
def test_in_a_new_folder_the_mails_of_who_knows_more_are_held(context, settings, ana, course, tmp_path):
    """The disk died with the journal: what went after the backup, only the laptops can tell."""
    backup = write_backup(settings, tmp_path / "out" / "backup.zip").path
    done = [made("complete_lesson", lesson=lesson["uid"]) for lesson in course["lessons"]]
    work = [made("enroll", course=course["uid"]), *done]
    known = ana.sync(*work).json
    assert mail_everything(context, settings) == ["accepted"]
    context.engine.dispose()
    offered = {"epoch": known["epoch"], "after": known["next"], "settled": known["settled"]}
    for there, expected in ((read_settings({}, tmp_path / "new machine"), "held"), (settings, "accepted")):
        restore_backup(there, backup)
        again = open_server(there)
        app = create_app(again, Parts(registration=lambda: Registration.OPEN))
        laptop = Client(testing.TestClient(app), again, ana.token, ana.uid)
        assert laptop.sync(*work, **offered).json["known"]["me"] is False
        assert mail_everything(again, there) == [expected]
        again.engine.dispose()
    assert len(list((settings.data / "mail" / "new").iterdir())) == 1


def test_a_restore_takes_back_what_came_later_and_keeps_a_copy_of_it(backup, context, settings, ana):
    with writing(context.engine) as conn:
        conn.execute(text("UPDATE users SET name = 'Later' WHERE email = 'ana@example.org'"))
    context.engine.dispose()
    restore_backup(settings, backup)
    assert find_user(context, "ana@example.org").name == "Ana Moreno"
    kept = settings.data / "before-restore.sqlite3"
    with closing(sqlite3.connect(kept)) as conn:
        assert conn.execute("SELECT name FROM users WHERE email = 'ana@example.org'").fetchone() == ("Later",)
    context.engine.dispose()


def test_what_a_killed_backup_or_restore_left_goes_with_the_next_one(backup, context, settings):
    """It is a copy of everybody's data."""
    context.engine.dispose()
    at_work = backup.parent / ".lms-server-backup-now"
    left = [settings.data / ".restore-killed", backup.parent / ".lms-server-backup-killed"]
    for folder in (*left, at_work, backup.parent / ".backup-of-somebody"):
        folder.mkdir()
        (folder / "server.sqlite3").write_text("x")
        os.utime(folder, (0, 0) if folder is not at_work else None)
    write_backup(settings, backup)
    restore_backup(settings, backup)
    assert not any(folder.exists() for folder in left)
    assert sorted(path.name for path in backup.parent.iterdir()) == [
        ".backup-of-somebody",
        ".lms-server-backup-now",
        "backup.zip",
    ]


def test_what_cannot_be_removed_stops_no_backup(backup, context, settings, monkeypatch):
    left = backup.parent / ".lms-server-backup-of-another-account"
    left.mkdir()
    os.utime(left, (0, 0))

    remove = shutil.rmtree

    def refuse(path, *given, **named):
        if str(path) == str(left):
            raise PermissionError(13, "Permission denied", str(path))
        remove(path, *given, **named)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert write_backup(settings, backup.with_name("second.zip")).path.exists()
    assert left.exists()


def test_a_damaged_database_is_replaced(backup, context, settings):
    context.engine.dispose()
    settings.database_file.write_bytes(b"no database at all" * 1000)
    settings.identity_file.write_bytes(b"")
    restore_backup(settings, backup)
    again = open_server(settings)
    assert check(again, settings) == set()
    again.engine.dispose()


def test_damaged_backups_change_nothing(backup, context, settings):
    before, content = epoch(context), backup.read_bytes()
    for bad in (content[:-100], content[: len(content) // 2], b"", b"PK\x05\x06" + bytes(18), flipped(content)):
        backup.write_bytes(bad)
        with pytest.raises(Refused):
            restore_backup(settings, backup)
    assert epoch(context) == before


def flipped(content):
    middle = content.index(b"server.sqlite3") + 5000
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_backup_that_names_other_paths_writes_nowhere_else(backup, context, settings, tmp_path):
    evil = tmp_path / "evil.zip"
    manifest = read_manifest(backup)
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(evil, "w") as target:
        for name in manifest["files"]:
            target.writestr(name, source.read(name))
        target.writestr("blobs/../../../evil", b"x")
        text_ = source.read("manifest.json").decode()
        sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        target.writestr(
            "manifest.json", text_.replace('"files": {', '"files": {"blobs/../../../evil": "' + sha256 + '",')
        )
    with pytest.raises(Refused):
        restore_backup(settings, evil)
    assert not list(tmp_path.rglob("evil"))


def test_a_backup_with_other_content_under_a_name_is_refused(backup, settings, tmp_path):
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"other" if name.startswith("blobs/") else source.read(name))
    with pytest.raises(Refused) as refused:
        read_manifest(changed, verify=True)
    assert refused.value.code == "damaged"


def test_the_log_of_a_killed_server_is_not_applied_to_the_restored_database(backup, context, settings, tmp_path):
    with writing(context.engine) as conn:
        conn.execute(text("UPDATE users SET name = 'Later'"))
    killed = read_settings({}, tmp_path / "killed")
    shutil.copytree(settings.data, killed.data)
    assert killed.database_file.with_name("server.sqlite3-wal").stat().st_size > 0
    restore_backup(killed, backup)
    again = open_server(killed)
    assert "Later" not in {user.name for user in list_users(again)}
    assert check(again, killed) == set()
    again.engine.dispose()
    with closing(sqlite3.connect(killed.data / "before-restore.sqlite3")) as conn:
        assert {row[0] for row in conn.execute("SELECT name FROM users")} == {"Later"}


@pytest.mark.parametrize("left", ["-wal", "-journal"])
def test_the_log_of_a_lost_database_is_not_applied_either(backup, context, settings, tmp_path, left):
    context.engine.dispose()
    with closing(sqlite3.connect(settings.database_file)) as conn:
        conn.execute(f"PRAGMA journal_mode={'WAL' if left == '-wal' else 'DELETE'}")
        # A change that is too large for memory: the log goes to the disk before the commit.
        conn.execute("PRAGMA cache_size=1")
        conn.execute("CREATE TABLE later (text)")
        conn.executemany("INSERT INTO later VALUES (?)", [("x" * 3000,)] * 20)
        conn.execute("UPDATE users SET name = 'Later'")
        if left == "-wal":
            conn.commit()
        killed = read_settings({}, tmp_path / "killed")
        shutil.copytree(settings.data, killed.data)
        conn.rollback()
    assert killed.database_file.with_name(f"server.sqlite3{left}").stat().st_size > 0
    killed.database_file.unlink()
    restore_backup(killed, backup)
    again = open_server(killed)
    assert "Later" not in {user.name for user in list_users(again)}
    assert check(again, killed) == set()
    assert not list(killed.data.glob("server.sqlite3-journal"))
    again.engine.dispose()


def test_nobody_restores_under_a_command_that_is_at_work(backup, context, settings):
    with reading(context.engine) as conn:
        conn.execute(text("SELECT 1 FROM users"))
        with pytest.raises(Refused) as refused:
            restore_backup(settings, backup)
    assert refused.value.code == "in_use"


def test_another_server_s_backup_is_refused(backup, tmp_path):
    other = read_settings({}, tmp_path / "other")
    install(other).engine.dispose()
    with pytest.raises(Refused) as refused:
        restore_backup(other, backup)
    assert refused.value.code == "other_server"


def test_nobody_restores_under_a_running_server(backup, settings):
    with present(settings.data, alone=False), pytest.raises(Refused) as refused:
        restore_backup(settings, backup)
    assert refused.value.code == "in_use"


def test_a_database_that_was_swapped_by_hand_gets_a_new_epoch(context, settings, tmp_path):
    copy, before = tmp_path / "copy", epoch(context)
    context.engine.dispose()
    shutil.copy(settings.database_file, copy)
    assert epoch(open_server(settings)) == before
    with closing(sqlite3.connect(settings.database_file)) as conn:
        conn.execute("UPDATE server SET epoch = '0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80'")
        conn.commit()
    changed = epoch(open_server(settings))
    assert changed not in {before, "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"}
    assert epoch(open_server(settings)) == changed


def test_a_stranger_s_identity_opens_nothing(context, settings):
    Identity.new().write(settings.identity_file)
    with pytest.raises(NotInstalled):
        open_server(settings)


def test_a_healthy_server(context, settings, backup):
    assert check(context, settings) == set()
    assert "lms_certificates 1" in figures(context)
    assert 'lms_jobs{kind="certificate_email",state="accepted"} 1' in figures(context)


BREAKAGES = {
    "every completion has its receipt": (
        "DELETE FROM receipts WHERE command_id IN (SELECT complete_command_id FROM lesson_progress)"
    ),
    "every enrollment has its receipt": "DELETE FROM receipts WHERE command_id IN (SELECT command_id FROM enrollments)",
    "every finished enrollment has its certificate": "DELETE FROM certificates",
    "every certificate has one e-mail": "DELETE FROM jobs WHERE kind = 'certificate_email'",
    "every certificate has its PDF or a job that makes it": "UPDATE certificates SET pdf_sha256 = NULL",
    "no mail is for a certificate that isn't there": "DELETE FROM certificates",
    "no orphans": "DELETE FROM enrollments",
    "no parked command was also applied": (
        "INSERT INTO parked (user_id, command_id, command, at, code, parked_at)"
        " SELECT user_id, command_id, '{}', 0, 'x', 0 FROM receipts LIMIT 1"
    ),
    "counters equal the highest revision": "UPDATE enrollments SET revision = 1000",
    "every stream's last revision has its anchor": "DELETE FROM anchors WHERE revision > 0",
    "every learner's digest is that of the facts": "UPDATE streams SET count = count + 1 WHERE stream <> 'catalog'",
    "every file of a lesson or certificate is there": f"UPDATE lessons SET body = '{'0' * 64}'",
    "every certificate is signed by this server": "UPDATE certificates SET payload = 'forged'",
    "journal readable": "UPDATE server SET journal_seq = 1000",
}


@pytest.mark.usefixtures("backup")
@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_broken_is_named(context, settings, name):
    with closing(sqlite3.connect(settings.database_file)) as conn:
        conn.execute(BREAKAGES[name])
        conn.commit()
    assert name in check(context, settings)


def flip(place):
    content = place.read_bytes()
    place.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def body_of(context, course):
    with reading(context.engine) as conn:
        query = text("SELECT body FROM lessons WHERE uid = :uid")
        return context.blobs.path(conn.execute(query, {"uid": course["lessons"][1]["uid"]}).scalar_one())


@pytest.mark.usefixtures("backup")
def test_a_file_of_another_size_is_named_with_what_to_do(context, settings, course, tmp_path):
    place = body_of(context, course)
    place.write_bytes(place.read_bytes()[:-1])
    told = found(context, settings)
    assert told.keys() == {"every file is as it was kept"}
    assert f"{place} (course first-aid)." in told["every file is as it was kept"]
    place.unlink()
    assert check(context, settings) == {"every file of a lesson or certificate is there"}
    import_course(context, read_course(write_course(tmp_path / "again", COURSE)))
    assert found(context, settings, deep=True) == {}


@pytest.mark.usefixtures("backup")
def test_only_a_deep_look_finds_other_content_of_the_same_size(context, settings, course, certificate):
    flip(body_of(context, course))
    paper = context.blobs.path(ensure_pdf(context, certificate["uuid"]))
    flip(paper)
    assert found(context, settings) == {}
    [words] = found(context, settings, deep=True).values()
    assert str(body_of(context, course)) in words
    assert f"{paper} (the PDF of certificate {certificate['uuid']})" in words
    paper.unlink()
    ensure_pdf(context, certificate["uuid"])
    assert str(paper) not in found(context, settings, deep=True)["every file is as it was kept"]


def test_a_changed_key_is_noticed(context, settings):
    Identity(context.identity.server_id, bytes(32), bytes(32)).write(settings.identity_file)
    assert "key readable" in check(context, settings)
