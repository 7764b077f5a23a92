"""A long queue: the next request is under way while an answer is being stored, and a failure there loses nothing."""

import threading

import pytest

from lms_desktop.store import settle as settling
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.sync.beside import at_once
from tests.world import lost

LIMIT = 4


@pytest.fixture
def busy(laptop, course):
    laptop.study(course, *range(20))
    return laptop


def in_small_requests(laptop, **options):
    session = laptop.session()
    session._limit = LIMIT
    for name, value in options.items():
        setattr(session, name, value)
    return session


def test_the_server_works_while_an_answer_is_stored(busy, course, world, monkeypatch):
    requests_at_settle = []

    def note(*given):
        requests_at_settle.append(busy.transport.requests - before)
        return settle(*given)

    settle, before = settling.settle, busy.transport.requests
    monkeypatch.setattr(settling, "settle", note)
    report = in_small_requests(busy, beside=at_once).run()
    assert requests_at_settle == [2, 3, 4, 5, 5]
    assert (report.sent, report.applied, report.digests_agree) == (20, 20, True)
    assert world.completed(busy.learner) == set(course.lessons[:20])


def test_the_app_can_end_while_a_request_is_under_way(busy):
    seen = set()

    def note(response):
        seen.add(threading.current_thread())
        return response

    busy.transport.twist = note
    in_small_requests(busy).run()
    others = seen - {threading.current_thread()}
    assert len(others) == 5
    assert all(thread.daemon for thread in others)


def test_an_answer_that_cannot_be_stored_takes_the_next_one_with_it(busy, course, world, monkeypatch):
    settle = settling.settle

    def full_disk(*_given):
        raise StorageTrouble(Storage.TROUBLE)

    monkeypatch.setattr(settling, "settle", full_disk)
    with pytest.raises(StorageTrouble):
        in_small_requests(busy, beside=at_once).run()
    # Two requests were answered, none is settled here.
    assert busy.store.views.counts()["pending"] == 20
    monkeypatch.setattr(settling, "settle", settle)
    report = busy.sync()
    assert (report.duplicate, report.applied, report.digests_agree) == (8, 12, True)
    assert world.completed(busy.learner) == set(course.lessons[:20])


def test_an_answer_asked_for_with_anchors_that_were_never_stored_is_left_alone(busy, course, monkeypatch):
    settle, outcomes = settling.settle, []

    def skip_the_first(*given):
        outcomes.append(settle(*given) if outcomes else None)
        return outcomes[-1]

    monkeypatch.setattr(settling, "settle", skip_the_first)
    report = in_small_requests(busy, beside=at_once).run()
    assert [outcome is None for outcome in outcomes] == [True] + 5 * [False]
    assert report.digests_agree
    assert busy.store.views.counts()["pending"] == 0


@pytest.mark.parametrize("which", [1, 2, 5])
def test_a_network_that_breaks_on_the_way_stops_there(busy, course, world, which):
    answered = []

    def twist(response):
        answered.append(response)
        return lost(response) if len(answered) == which else response

    busy.transport.twist = twist
    with pytest.raises(Exception, match="can't be reached"):
        in_small_requests(busy).run()
    assert busy.store.views.counts()["pending"] == 20 - LIMIT * (which - 1)
    busy.transport.twist = None
    assert busy.sync().digests_agree
    assert world.completed(busy.learner) == set(course.lessons[:20])


def test_work_done_meanwhile_goes_with_the_same_sync(busy, course, world):
    clicks = iter(course.lessons[20:24])

    def click(response):
        for lesson in clicks:
            busy.store.complete(lesson)
            break
        return response

    busy.transport.twist = click
    report = in_small_requests(busy).run()
    assert world.completed(busy.learner) == set(course.lessons[:24])
    assert report.sent == 24
    assert busy.store.views.counts()["pending"] == 0


@pytest.mark.logs("rolled back")
def test_history_that_the_server_loses_meanwhile_comes_back(busy, course, world):
    in_small_requests(busy).run()
    busy.study(course, *range(20, 30))
    with world.engine.begin() as conn:
        for table in ("receipts", "lesson_progress", "enrollments"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
        conn.exec_driver_sql("UPDATE streams SET revision = 0, count = 0, sum = '0' WHERE stream <> 'catalog'")
        conn.exec_driver_sql("DELETE FROM anchors WHERE stream <> 'catalog' AND revision > 0")
    assert in_small_requests(busy).run().digests_agree
    assert world.completed(busy.learner) == set(course.lessons[:30])
