"""Two workers whose machines' clocks are days apart: leases and due times are the database's, nothing goes twice."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import update

from lms_server.actions.work import build_worker
from lms_server.contract.sqlite import writing
from lms_server.contract.times import now_ms
from lms_server.database.clock import ask_time
from lms_server.database.tables import jobs
from lms_server.jobs import transports

DAY_MS = 86_400_000


def worker_of(place, mail_url, skew_ms):
    """What ``serve`` builds on a machine whose clock is wrong by this much."""
    context = replace(place.context, clock=lambda: now_ms() + skew_ms)
    return build_worker(context, mail_url, place.folder / "journal" / "dispatch.jsonl")


def due(place, uuid, in_ms=0):
    with writing(place.engine) as conn:
        conn.execute(update(jobs).where(jobs.c.key == uuid).values(run_at=ask_time(place.engine) + in_ms))


def test_the_database_s_time_is_the_time(any_place):
    assert abs(ask_time(any_place.engine) - now_ms()) < 60_000


@pytest.mark.parametrize("skew_ms", [3 * DAY_MS, -3 * DAY_MS])
def test_a_worker_with_another_clock_leaves_a_held_job_alone(any_place, mail_server, monkeypatch, skew_ms):
    uuid = any_place.issue()
    due(any_place, uuid, -1000)
    first, second = worker_of(any_place, mail_server.url, -skew_ms), worker_of(any_place, mail_server.url, skew_ms)
    while any_place.job(uuid, "certificate_pdf").state == "queued":
        first._step({"certificate_pdf"})
    at_the_dot, go_on, real = threading.Event(), threading.Event(), transports._final_dot

    def slow(connection):
        at_the_dot.set()
        assert go_on.wait(30)
        real(connection)

    monkeypatch.setattr(transports, "_final_dot", slow)
    sending = threading.Thread(target=first.run_once)
    sending.start()
    try:
        assert at_the_dot.wait(30)
        assert second.run_once() == 0, "the lease is held, whatever this machine's clock says"
        assert any_place.job(uuid).state == "sending"
    finally:
        go_on.set()
        sending.join()
    assert any_place.job(uuid).state == "accepted"
    assert second.run_once() == 0
    assert len(mail_server.script.mails) == 1


def test_when_a_job_is_due_is_the_same_for_both(any_place):
    uuid = any_place.issue()
    due(any_place, uuid, in_ms=DAY_MS)
    assert worker_of(any_place, f"maildir://{any_place.mails}", 3 * DAY_MS).run_once() == 0
    due(any_place, uuid, in_ms=-1000)
    assert worker_of(any_place, f"maildir://{any_place.mails}", -3 * DAY_MS).run_once() == 2
    assert any_place.delivered() == [f"{uuid}.lms"]
