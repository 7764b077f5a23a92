"""A server with no room for more waiting work: what waits goes behind what can count, and nothing is lost."""

import pytest

from lms_desktop.sync.client import Client
from lms_desktop.sync.errors import Offline
from lms_server.sync import settle as settling
from tests.world import URL, Lossy, lost

ROOM = 5


@pytest.fixture
def crowded(world, laptop, monkeypatch):
    """The laptop's oldest work waits for a course that was withdrawn; the server has room for five such commands."""
    drafts = [world.course(f"draft-{number}", count=0) for number in range(12)]
    laptop.sync()
    for draft in drafts:
        laptop.store.enroll(draft.uid)
    with world.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE courses SET is_published = 0 WHERE slug LIKE 'draft-%'")
    monkeypatch.setattr(settling, "MAX_PARKED", ROOM)
    return drafts


def one_request(laptop, limit):
    """A sync whose network breaks after its first request."""
    session = laptop.session()
    session._limit = limit
    laptop.transport = Lossy(laptop.world.app)
    session.client = Client(URL, laptop.token, laptop.transport)
    answered = []

    def twist(response):
        answered.append(response)
        return response if len(answered) == 1 else lost(response)

    laptop.transport.twist = twist
    with pytest.raises(Offline):
        session.run()


def test_what_can_count_goes_before_what_was_told_to_wait(world, laptop, course, crowded):
    laptop.sync()
    assert laptop.store.views.counts() == {"pending": len(crowded) - ROOM, "parked": ROOM, "rejected": 0}
    laptop.study(course, 0, 1, 2)
    one_request(laptop, 3)
    assert world.completed(laptop.learner) == set(course.lessons[:3])


def test_a_sync_asks_for_each_command_once_and_ends(laptop, crowded):
    session = laptop.session()
    session._limit = 4
    session.run()
    assert laptop.transport.requests < 10
    assert laptop.store.views.counts()["pending"] == len(crowded) - ROOM


def test_those_who_wait_take_turns(laptop, crowded):
    laptop.sync()
    for _ in range(2):
        _, first = laptop.store.outgoing(3)
        one_request(laptop, 3)
        _, then = laptop.store.outgoing(3)
        assert {command.id for command in first}.isdisjoint(command.id for command in then)


def test_room_on_the_server_takes_them_all(world, laptop, crowded, monkeypatch):
    laptop.sync()
    monkeypatch.setattr(settling, "MAX_PARKED", 100)
    laptop.sync()
    assert laptop.store.views.counts() == {"pending": 0, "parked": len(crowded), "rejected": 0}
    assert len(world.parked()) == len(crowded)
