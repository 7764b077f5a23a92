"""A backup was put in, by an admin who said so: who knows of a mail, knows of it still, and nobody else's waits."""

import pytest
from sqlalchemy import text

from lms_desktop.sync.errors import Trouble
from lms_server.actions.refusals import Refused
from lms_server.cli import main
from lms_server.contract.sqlite import reading, writing
from lms_server.database.clock import database_now
from lms_server.jobs.certificate_mails import CannotResend, list_mails, resend
from lms_server.jobs.dispatch import KIND
from lms_server.jobs.journal import Journal
from lms_server.jobs.queue import LEASE_MS, claim
from tests.jobs.school import School
from tests.world import lost


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request, tmp_path, mail_server):
    database = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = School(tmp_path, mail_server, database)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path, mail_server):
    """One whose database is in the folder, and goes with it."""
    made = School(tmp_path, mail_server)
    yield made
    made.close()


def test_nobody_is_held_and_no_mail_goes_twice(school):
    ana, ben, chloe = school.laptops
    old = school.back_up("old")
    school.finish(ana)
    school.work()
    school.restore(old)
    for laptop in (ana, ben):
        school.finish(laptop, school.other)
    school.work()
    assert school.received() == ["ana", "ana", "ben"]
    # One that slept through two restores is of no unknown past either.
    school.finish(chloe)
    school.restore(school.back_up("new"))
    school.finish(ben)
    school.restore(old)
    for laptop in (chloe, ben):
        laptop.sync()
    school.work()
    assert set(school.states()) == {"ben", "chloe"}
    school.finish(chloe, school.other)
    school.work()
    assert school.received() == ["ana", "ana", "ben", "ben", "chloe", "chloe"]
    ana.sync()
    school.work()
    assert {state for states in school.states().values() for state in states} == {"accepted"}


@pytest.mark.logs("rolled back")
def test_after_a_rollback_that_nobody_noticed(folder):
    school, (ana, ben, _) = folder, folder.laptops
    old = school.back_up("old")
    school.keep_copy()
    school.finish(ana)
    school.work()
    school.roll_back()
    school.finish(ben)
    school.work()
    school.restore(old)
    for laptop in (ana, ben):
        laptop.sync()
    school.work()
    assert school.states() == {"ana": ["held"], "ben": ["accepted"]}
    assert school.received() == ["ana", "ben"]


@pytest.mark.logs("rolled back")
def test_after_a_move_to_a_new_machine(folder):
    school, (ana, ben, chloe) = folder, folder.laptops
    oldest = school.back_up("oldest")
    school.finish(ben)
    newer = school.back_up("newer")
    school.work()
    school.finish(ana)
    school.work()
    assert school.received() == ["ana", "ben"]
    school.move(newer)
    school.work()
    assert school.states() == {"ben": ["held"]}, "it waited when the backup was made, and may have gone since"
    for backup in (oldest, newer, oldest):
        school.restore(backup)
    for laptop in (ben, ana):
        laptop.sync()
    school.finish(chloe)
    school.work()
    assert school.states() == {"ana": ["held"], "ben": ["held"], "chloe": ["accepted"]}
    assert school.received() == ["ana", "ben", "chloe"]
    assert school.let_go() == 2
    school.work()
    assert school.received() == ["ana", "ana", "ben", "ben", "chloe"], "as the admin wants it"


def test_a_mail_in_doubt_stays_so_though_the_backup_only_knows_that_it_waits(folder):
    school, ana = folder, folder.laptops[0]
    school.finish(ana)
    school.move(school.back_up("waiting"))
    school.work()
    old = school.back_up("held")
    assert school.let_go() == 1
    school.script.at = {"DATA": "drop"}
    school.work()
    school.script.at = {}
    assert (school.states(), school.received()) == ({"ana": ["in_doubt"]}, ["ana"])
    school.journal.unlink()
    school.restore(old)
    school.let_go()
    school.work()
    ana.sync()
    school.work()
    assert (school.states(), school.received()) == ({"ana": ["in_doubt"]}, ["ana"])


def test_whoever_put_in_the_wrong_backup_puts_in_a_newer_one(folder):
    school, ana = folder, folder.laptops[0]
    older = school.back_up("older")
    school.finish(ana)
    newer = school.back_up("newer")
    for backup in (older, newer):
        school.restore(backup)
    school.work()
    assert (school.states(), school.received()) == ({"ana": ["accepted"]}, ["ana"])


def test_a_backup_that_is_newer_than_what_it_replaces(folder):
    """What went after the backup stood in a journal that fell back with the rest of the folder."""
    school, ana = folder, folder.laptops[0]
    school.keep_copy()
    school.finish(ana)
    newer = school.back_up("newer")
    school.work()
    school.roll_back()
    school.restore(newer)
    school.work()
    ana.sync()
    school.work()
    assert (school.states(), school.received()) == ({"ana": ["held"]}, ["ana"])


def test_who_moves_is_told_which_mails_wait_for_a_word(folder, tmp_path, capsys):
    school, ana = folder, folder.laptops[0]
    school.finish(ana)
    backup = school.back_up("moving")
    for place, told in ((tmp_path / "new", True), (school.world.folder, False)):
        school.world.engine.dispose()
        assert main(["restore", str(backup), "--data", str(place)]) == 0
        assert ("1 mail may have gone after this backup" in capsys.readouterr().out) is told


def test_a_backup_without_a_journal_tells_what_its_database_knows(folder):
    school, (ana, ben, _) = folder, folder.laptops
    school.finish(ana)
    school.work()
    school.journal.unlink()
    school.move(school.back_up("no journal"))
    assert school.journal.read_bytes().count(b"accepted") == 1
    # So that its loss is noticed.
    school.journal.unlink()
    school.finish(ben)
    school.work()
    assert school.states() == {"ana": ["accepted"], "ben": ["held"]}


@pytest.mark.logs("rolled back")
def test_whoever_was_held_stays_so(folder):
    school, ana = folder, folder.laptops[0]
    fresh = school.laptop(ana.learner)
    fresh.sync()
    old = school.back_up("old")
    school.finish(ana)
    school.work()
    school.move(old)
    # The server hears of what it lost, and the laptop doesn't hear the answer.
    ana.transport.twist = lost
    with pytest.raises(Trouble):
        ana.sync()
    school.restore(old)
    # The same work is done again on a laptop that knows nothing.
    school.finish(fresh)
    school.work()
    assert school.states() == {"ana": ["held"]}
    assert school.received() == ["ana"]


@pytest.mark.logs("rolled back")
def test_a_journal_that_was_lost_vouches_for_nobody(school):
    ana, old = school.laptops[0], school.back_up("old")
    school.finish(ana)
    school.work()
    school.restore(old)
    # The database hears of the certificate, and only the journal knows that its mail went.
    ana.sync()
    school.journal.unlink()
    school.restore(old)
    ana.sync()
    school.work()
    assert school.states() == {"ana": ["held"]}
    assert school.received() == ["ana"]


def test_a_journal_that_an_admin_takes_for_complete_learns_from_the_database(folder):
    school, ana = folder, folder.laptops[0]
    school.finish(ana)
    school.world.engine.dispose()
    before = school.settings.database_file.read_bytes()
    school.work()
    school.journal.unlink()
    school.let_go()
    school.world.engine.dispose()
    # The database alone is put back by hand.
    school.settings.database_file.write_bytes(before)
    school.work()
    assert school.states() == {"ana": ["accepted"]}
    assert school.received() == ["ana"]


def test_the_journal_that_is_kept_is_recorded(school):
    ana, ben, _ = school.laptops
    old = school.back_up("old")
    school.finish(ana)
    school.work()
    school.restore(old)
    school.journal.unlink()
    school.finish(ben)
    school.work()
    assert school.states() == {"ben": ["held"]}
    assert set(school.reasons()) == {"the dispatch journal is missing or shorter than recorded"}


@pytest.mark.parametrize("is_released", [True, False])
def test_what_the_database_knows_stands_in_for_a_lost_journal(school, is_released):
    ana, ben, _ = school.laptops
    school.finish(ben)
    old = school.back_up("old")
    school.work()
    school.finish(ana)
    school.work()
    school.journal.unlink()
    if is_released:
        school.let_go()
    school.restore(old)
    # Ben's mail waits in this backup, and nobody but the replaced database knows that it went.
    school.work()
    assert school.states() == {"ben": ["accepted"]}
    if is_released:
        ana.sync()
        school.work()
        assert school.states() == {"ana": ["accepted"], "ben": ["accepted"]}
    assert school.received() == ["ana", "ben"]


@pytest.mark.logs("rolled back")
def test_what_cannot_be_read_is_a_reason_to_hold(folder):
    school, (ana, ben, _) = folder, folder.laptops
    old = school.back_up("old")
    school.finish(ana)
    school.world.engine.dispose()
    school.settings.database_file.write_bytes(b"no database at all" * 1000)
    school.restore(old)
    for laptop in (ana, ben):
        school.finish(laptop, school.other)
    school.work()
    assert school.states() == {"ana": ["held", "held"], "ben": ["accepted"]}


def test_nothing_is_sent_again_while_the_journal_is_missing(school):
    """It would grow as long as it was, and nobody would notice the loss any more."""
    school.finish(school.laptops[0])
    school.work()
    school.journal.unlink()
    for _ in range(3):
        with pytest.raises(CannotResend), writing(school.world.engine) as conn:
            resend(conn, Journal(school.journal), list_mails(conn)[0].certificate, 1)
    assert school.let_go() == 0
    with writing(school.world.engine) as conn:
        resend(conn, Journal(school.journal), list_mails(conn)[0].certificate, 1)
    school.work()
    assert school.received() == ["ana", "ana"]


def test_an_admin_s_word_is_enough_for_a_damaged_journal(school):
    """What was sent before is known from its whole lines and from the database; what waited goes."""
    ana, ben, _ = school.laptops
    school.finish(ana)
    school.work()
    content = bytearray(school.journal.read_bytes())
    content[30] ^= 1
    school.journal.write_bytes(content)
    school.finish(ben)
    school.work()
    assert school.states() == {"ana": ["accepted"], "ben": ["held"]}
    with pytest.raises(CannotResend), writing(school.world.engine) as conn:
        resend(conn, Journal(school.journal), list_mails(conn)[0].certificate, 1)
    assert school.let_go() == 1
    school.work()
    assert school.states() == {"ana": ["accepted"], "ben": ["accepted"]}
    assert school.received() == ["ana", "ben"]
    with writing(school.world.engine) as conn:
        resend(conn, Journal(school.journal), list_mails(conn)[0].certificate, 1)


def test_a_certificate_that_takes_its_place_again_is_drawn_again(school):
    ana, old = school.laptops[0], school.back_up("old")
    school.finish(ana)
    school.work()
    ana.sync()
    [first] = school.world.certificates()
    school.restore(old)
    # Her other laptop knows nothing of it, and finishes the same course.
    beside = school.laptop(ana.learner)
    beside.sync()
    school.finish(beside)
    school.work()
    [second] = school.world.certificates()
    ana.sync()
    school.work()
    [now] = school.world.certificates()
    assert (now.payload, now.pdf_sha256) == (first.payload, first.pdf_sha256)
    assert second.pdf_sha256 not in {None, now.pdf_sha256}
    beside.sync()
    assert beside.store.views.certificate_files() == [(now.uuid, now.pdf_sha256)]
    assert school.received() == ["ana"]


def test_what_a_worker_was_at_when_the_backup_was_taken_goes_on_at_once(school):
    ana = school.laptops[0]
    school.finish(ana)
    for kind in ("certificate_pdf", KIND):
        with writing(school.world.engine) as conn:
            now = database_now(conn)
            assert claim(conn, {kind}, now, now + LEASE_MS, "0a1b2c3d")
    old = school.back_up("old")
    school.restore(old)
    school.work()
    assert school.states() == {"ana": ["accepted"]}
    assert school.received() == ["ana"]


def test_a_damaged_journal_is_put_aside_first(school):
    ana, old = school.laptops[0], school.back_up("old")
    school.finish(ana)
    school.work()
    lines = school.journal.read_bytes().splitlines(keepends=True)
    school.journal.write_bytes(b"".join([lines[0][5:], *lines[1:]]))
    with pytest.raises(Refused, match=r"Move .*dispatch\.jsonl away"):
        school.restore(old)
    school.journal.unlink()
    school.restore(old)


def test_each_restore_is_an_epoch_of_its_own(school):
    old, epochs = school.back_up("old"), [school.epoch()]
    for _ in range(2):
        school.restore(old)
        epochs.append(school.epoch())
    assert len(set(epochs)) == 3
    with reading(school.world.engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM holds")).scalar_one() == 0
