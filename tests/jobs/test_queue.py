"""The queue: one row a job, one holder a lease, on both databases."""

import threading

import pytest
from sqlalchemy import func, select

from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import jobs
from lms_server.jobs.queue import (
    LostLease,
    State,
    Verdict,
    claim,
    enqueue_all,
    is_due,
    keep_payload,
    settle,
    wait_ms,
)

KINDS = ("draw",)


def put(place, *keys, run_at=0):
    with writing(place.engine) as conn:
        enqueue_all(conn, [("draw", key, {"n": 1}, run_at) for key in keys])


def take(place, now=10, lease_s=60):
    with writing(place.engine) as conn:
        return claim(conn, KINDS, now, now + lease_s * 1000)


def end(place, job, verdict):
    with writing(place.engine) as conn:
        return settle(conn, job, verdict)


def test_a_job_is_stored_once_for_ever(any_place):
    put(any_place, "a")
    assert end(any_place, take(any_place), Verdict(State.ACCEPTED))
    put(any_place, "a", "a")
    with reading(any_place.engine) as conn:
        assert conn.execute(select(func.count()).select_from(jobs)).scalar_one() == 1
    assert take(any_place) is None


def test_the_job_due_longest_comes_first(any_place):
    put(any_place, "late", run_at=9)
    put(any_place, "early", run_at=1)
    put(any_place, "future", run_at=11)
    assert [take(any_place).key, take(any_place).key] == ["early", "late"]
    assert take(any_place) is None
    with reading(any_place.engine) as conn:
        assert not is_due(conn, KINDS, 10)
        assert is_due(conn, KINDS, 11)
        assert not is_due(conn, ("other",), 11)


def test_a_lease_keeps_others_out_until_it_ends(any_place):
    put(any_place, "a")
    first = take(any_place, now=10, lease_s=60)
    assert take(any_place, now=60_000) is None
    second = take(any_place, now=60_011)
    assert (second.key, second.attempts) == ("a", 2)
    assert second.lease != first.lease


def test_who_lost_the_lease_changes_nothing(any_place):
    put(any_place, "a")
    first = take(any_place, now=10, lease_s=1)
    second = take(any_place, now=5000)
    with pytest.raises(LostLease), writing(any_place.engine) as conn:
        keep_payload(conn, first, {"n": 2}, 99)
    assert not end(any_place, first, Verdict(State.FAILED, "late"))
    assert end(any_place, second, Verdict(State.QUEUED, "again", run_at=7, changes={"m": 3, "n": None}))
    third = take(any_place)
    assert (third.payload, third.attempts) == ({"m": 3}, 3)


def test_an_acceptance_counts_though_another_worker_was_in_doubt(any_place):
    put(any_place, "a")
    first = take(any_place, now=10, lease_s=1)
    second = take(any_place, now=5000)
    assert end(any_place, second, Verdict(State.IN_DOUBT, "who knows"))
    assert end(any_place, first, Verdict(State.ACCEPTED))
    with reading(any_place.engine) as conn:
        assert conn.execute(select(jobs.c.state)).scalar_one() == State.ACCEPTED


def test_racers_never_take_the_same_job(any_place):
    put(any_place, *(f"job-{number}" for number in range(40)))
    taken, lock = [], threading.Lock()

    def race():
        while (job := take(any_place)) is not None:
            with lock:
                taken.append(job.key)

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # On PostgreSQL a racer may find the one free row taken and stop early; nothing is taken twice.
    assert len(taken) == len(set(taken))
    while (job := take(any_place)) is not None:
        taken.append(job.key)
    assert len(set(taken)) == 40


def test_a_rolled_back_cause_leaves_no_job(any_place):
    with any_place.engine.begin() as conn:
        enqueue_all(conn, [("draw", "a", {}, 0)])
        conn.rollback()
    assert take(any_place) is None


def test_waits_grow_to_four_hours():
    assert [wait_ms(attempts) // 1000 for attempts in (1, 2, 3, 12, 13, 500)] == [5, 10, 20, 10240, 14400, 14400]
