"""Certificates in the post: never two by automatic action, never silently none."""

import errno
import shutil
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, update

from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import certificates, server, streams, users
from lms_server.jobs.certificate_mails import CannotResend, list_mails, resend
from lms_server.jobs.holds import hold_mails, release
from lms_server.jobs.journal import Event, Journal
from tests.jobs.smtp import Script, ScriptedServer
from tests.wait import until

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def test_a_certificate_is_drawn_and_sent_once(any_place):
    uuid = any_place.issue()
    assert any_place.worker().run_once() == 2
    assert any_place.worker().run_once() == 0
    assert any_place.delivered() == [f"{uuid}.lms"]
    assert any_place.job(uuid).state == "accepted"
    with reading(any_place.engine) as conn:
        sha256 = conn.execute(select(certificates.c.pdf_sha256)).scalar_one()
        assert conn.execute(select(streams.c.revision)).scalar_one() == 1
        assert conn.execute(select(server.c.journal_seq)).scalar_one() == 2
        (row,) = list_mails(conn)
    assert any_place.context.blobs.has(sha256)
    assert (row.certificate, row.to, row.state, row.reason, row.attempts) == (
        uuid,
        "ana@example.org",
        "accepted",
        None,
        1,
    )
    assert row.message_id == f"<{uuid}@{any_place.identity.server_id}>"


def test_a_mail_server_gets_it(place, mail_server):
    place.issue()
    place.worker(mail_server.url).run_once()
    assert mail_server.script.envelopes == [("certificates@hillside.example", ["ana@example.org"])]


def test_the_bytes_travel_unchanged(place, mail_server):
    uuid = place.issue()
    place.worker(mail_server.url).run_once()
    assert mail_server.script.mails == [place.message(uuid)["content"].encode()]


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ({"MAIL": "drop"}, "queued"),
        ({"RCPT": "drop"}, "queued"),
        ({"MAIL": "451 later"}, "queued"),
        ({"RCPT": "450 greylisted"}, "queued"),
        ({"DATA": "452 full"}, "queued"),
        ({"RCPT": "550 no such user"}, "failed"),
        ({"DATA": "554 no"}, "failed"),
        ({"DATA": "drop"}, "in_doubt"),
        # What is left of an answer when the line breaks within it.
        ({"DATA": "25"}, "in_doubt"),
        ({"DATA": "what?"}, "in_doubt"),
        ({"DATA": "251 passed on"}, "accepted"),
        ({"QUIT": "421 closing"}, "accepted"),
        ({"QUIT": "drop"}, "accepted"),
    ],
)
def test_what_the_mail_server_does_decides(place, mail_server, at, state):
    uuid = place.issue()
    mail_server.script.at = at
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == state
    mail_server.script.at = {}
    place.now += MINUTE
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == ("accepted" if state == "queued" else state)
    assert len(mail_server.script.mails) == (0 if state == "failed" else 1)


def test_a_mail_server_that_is_away_is_tried_for_three_days(place):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        worker = place.worker(f"smtp://127.0.0.1:{reserved.getsockname()[1]}")
        uuid = place.issue()
        started = place.now
        while place.job(uuid).state == "queued":
            place.now = max(place.now, place.job(uuid).run_at)
            worker.run_once()
    row = place.job(uuid)
    assert row.state == "failed"
    assert "given up after 3 days" in row.reason
    assert 3 * DAY <= place.now - started < 3 * DAY + 240 * MINUTE
    assert row.attempts > 18


def test_one_bad_address_doesnt_stop_the_others(place, mail_server):
    bad, good = place.issue(1, email="no address"), place.issue(2)
    place.worker(mail_server.url).run_once()
    assert (place.job(bad).state, place.job(good).state) == ("failed", "accepted")


@pytest.mark.logs("certificate_email .* failed")
@pytest.mark.logs("certificate_pdf .* failed")
def test_a_certificate_that_cant_be_drawn_is_visible_and_alone(place):
    bad, good = place.issue(1), place.issue(2)
    with writing(place.engine) as conn:
        conn.execute(update(certificates).where(certificates.c.uuid == bad).values(template=99))
    worker = place.worker()
    while place.job(bad).state == "queued":
        place.now = max(place.now, place.job(bad).run_at)
        worker.run_once()
    assert place.job(bad).state == "failed"
    assert "no certificate template 99" in place.job(bad).reason
    assert place.delivered() == [f"{good}.lms"]


def test_the_address_is_frozen_at_the_first_attempt(place, mail_server):
    uuid = place.issue()
    with writing(place.engine) as conn:
        conn.execute(update(users).values(email="new@example.org"))
    mail_server.script.at = {"RCPT": "450 later"}
    place.worker(mail_server.url).run_once()
    with writing(place.engine) as conn:
        conn.execute(update(users).values(email="newest@example.org"))
    frozen = place.message(uuid)["content"]
    mail_server.script.at = {}
    place.now += DAY
    place.worker(mail_server.url).run_once()
    assert mail_server.script.envelopes[0][1] == ["new@example.org"]
    assert mail_server.script.mails == [frozen.encode()]


def test_an_admin_sends_the_same_bytes_again(place, mail_server):
    uuid = place.issue()
    with pytest.raises(CannotResend), writing(place.engine) as conn:
        resend(conn, place.journal, uuid, place.now)
    mail_server.script.at = {"DATA": "drop"}
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "in_doubt"
    mail_server.script.at = {}
    place.now += DAY
    with writing(place.engine) as conn:
        resend(conn, place.journal, uuid, place.now)
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "accepted"
    first, second = mail_server.script.mails
    assert first == second
    place.worker(mail_server.url).run_once()
    assert len(mail_server.script.mails) == 2


def test_an_admin_sends_again_into_a_maildir(place):
    uuid = place.issue()
    place.worker().run_once()
    with writing(place.engine) as conn:
        assert resend(conn, place.journal, uuid, place.now) == "accepted"
    for _ in range(2):
        place.worker().run_once()
    assert sorted(place.delivered()) == [f"{uuid}.1.lms", f"{uuid}.lms"], "one copy, named after the certificate"
    first, second = [(place.mails / "new" / name).read_bytes() for name in place.delivered()]
    assert first == second
    assert f"Message-ID: <{uuid}@".encode() in first


def test_a_database_rolled_back_sends_nothing_twice(place, mail_server):
    uuid = place.issue()
    place.engine.dispose()
    files = ["server.sqlite3"]
    for name in files:
        shutil.copy(place.folder / name, place.folder / f"{name}.old")
    place.worker(mail_server.url).run_once()
    assert len(mail_server.script.mails) == 1
    place.engine.dispose()
    for name in files:
        shutil.copy(place.folder / f"{name}.old", place.folder / name)
        for suffix in ("-wal", "-shm"):
            (place.folder / (name + suffix)).unlink(missing_ok=True)
    assert place.job(uuid).state == "queued"
    place.worker(mail_server.url).run_once()
    assert len(mail_server.script.mails) == 1
    assert place.job(uuid).state == "accepted"


@pytest.mark.parametrize("damage", ["missing", "shorter", "garbled"])
def test_without_its_journal_new_mails_are_held(place, mail_server, damage):
    place.issue(1)
    place.worker(mail_server.url).run_once()
    file = place.folder / "journal" / "dispatch.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(lines[0] if damage == "shorter" else b"x" + b"".join(lines))
    second = place.issue(2)
    place.worker(mail_server.url).run_once()
    assert place.job(second).state == "held"
    assert "journal" in place.job(second).reason
    assert len(mail_server.script.mails) == 1
    file.unlink(missing_ok=True)
    with writing(place.engine) as conn:
        assert release(conn, place.journal, place.now) == 1
    place.worker(mail_server.url).run_once()
    assert place.job(second).state == "accepted"
    assert len(mail_server.script.mails) == 2


def test_a_learners_mails_can_be_held(place):
    held, free = place.issue(1), place.issue(2)
    with writing(place.engine) as conn:
        hold_mails(conn, [held], "the server's history was lost")
    place.worker().run_once()
    assert (place.job(held).state, place.job(free).state) == ("held", "accepted")


def test_two_workers_race_and_each_mail_goes_once(any_place, mail_server):
    uuids = [any_place.issue(number) for number in range(1, 9)]
    threads = [threading.Thread(target=any_place.worker(mail_server.url).run_once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    any_place.worker(mail_server.url).run_once()
    assert {any_place.job(uuid).state for uuid in uuids} == {"accepted"}
    assert len(mail_server.script.mails) == len(set(mail_server.script.mails)) == len(uuids)


def test_a_worker_that_lost_its_lease_sends_nothing(place, mail_server):
    uuid = place.issue()
    slow, quick = place.worker(mail_server.url), place.worker(mail_server.url)
    dispatch = slow.tasks["certificate_email"]
    envelope_done = dispatch._commit

    def paused(job):
        # The machine sleeps between the message and its final dot, longer than the lease.
        place.expire_leases()
        quick.run_once()
        assert place.job(uuid).state == "accepted"
        envelope_done(job)

    object.__setattr__(dispatch, "_commit", paused)
    slow.run_once()
    assert len(mail_server.script.mails) == 1
    assert place.job(uuid).state == "accepted"


def test_a_worker_runs_until_it_is_stopped(place):
    uuid = place.issue()
    stop = threading.Event()
    thread = threading.Thread(target=place.worker().run, args=(stop,))
    thread.start()
    until(lambda: place.job(uuid).state == "accepted")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert place.job(uuid).state == "accepted"


def test_addresses_with_other_letters(place, mail_server):
    uuid = place.issue(email="josé@bücher.example")
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "accepted"
    assert mail_server.script.envelopes[0][1] == ["josé@xn--bcher-kva.example"]
    assert mail_server.script.mails == [place.message(uuid)["content"].encode()]


def test_a_mail_server_that_knows_no_such_letters(place):
    plain = ScriptedServer(Script(), enable_SMTPUTF8=False)
    plain.start()
    try:
        uuid = place.issue(email="josé@example.org")
        place.worker(plain.url).run_once()
    finally:
        plain.stop()
    assert place.job(uuid).state == "failed"
    assert "letters" in place.job(uuid).reason


@pytest.fixture
def certified(tmp_path):
    """A key and a self-signed certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=36500))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    file = tmp_path / "tls.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return file


@pytest.mark.parametrize("trusted", [True, False])
def test_tls_is_used_where_offered_and_checked(place, certified, monkeypatch, trusted):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certified)
    secure = ScriptedServer(Script(), tls_context=tls, require_starttls=True)
    secure.start()
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certified))
    try:
        uuid = place.issue()
        place.worker(secure.url).run_once()
    finally:
        secure.stop()
    assert place.job(uuid).state == ("accepted" if trusted else "queued")
    assert len(secure.script.mails) == (1 if trusted else 0)


def without_room_for(wanted):
    """Journal.append on a disk that is full when this event comes."""
    append = Journal.append

    def full(journal, event, *rest):
        if event is wanted:
            raise OSError(errno.ENOSPC, "no space left on device")
        return append(journal, event, *rest)

    return full


def test_a_journal_that_cant_be_written_stops_the_mail_before_its_dot(place, mail_server, monkeypatch):
    uuid = place.issue()
    monkeypatch.setattr(Journal, "append", without_room_for(Event.INTENT))
    place.worker(mail_server.url).run_once()
    assert mail_server.script.mails == []
    assert (place.job(uuid).state, "journal" in place.job(uuid).reason) == ("queued", True)
    monkeypatch.undo()
    place.now += MINUTE
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "accepted"
    assert len(mail_server.script.mails) == 1


@pytest.mark.logs("certificate_email .* failed")
def test_a_mail_whose_acceptance_cant_be_recorded_is_in_doubt(place, mail_server, monkeypatch):
    uuid = place.issue()
    monkeypatch.setattr(Journal, "append", without_room_for(Event.ACCEPTED))
    place.worker(mail_server.url).run_once()
    monkeypatch.undo()
    place.now += MINUTE
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "in_doubt"
    assert len(mail_server.script.mails) == 1


def test_a_stalled_mail_server_holds_up_no_pdf_and_a_stop_is_heeded(place):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uuids = [place.issue(number) for number in range(1, 4)]
        stop = threading.Event()
        thread = threading.Thread(target=place.worker(f"smtp://127.0.0.1:{silent.getsockname()[1]}").run, args=(stop,))
        thread.start()
        connection, _ = silent.accept()
        try:
            until(lambda: all(place.job(uuid, "certificate_pdf").state == "accepted" for uuid in uuids))
            assert [place.job(uuid).state for uuid in uuids] == ["sending", "queued", "queued"]
        finally:
            stop.set()
            connection.close()
    thread.join(10)
    assert not thread.is_alive()
    assert [place.job(uuid).attempts for uuid in uuids] == [1, 0, 0]
