"""What a server's refusal of a whole request does: words for the learner, and the queue as it was."""

import pytest

from lms_desktop.store import facts, outbox
from lms_desktop.store.settle import apply_locally
from lms_desktop.sync import schedule
from lms_desktop.sync.errors import Disabled, ServerTrouble, SignedOut, TooOld, WrongAnswerer
from lms_server.contract.commands import Command, CompleteLesson, Enroll
from lms_server.contract.ids import new_uuid7
from lms_server.contract.times import now_ms
from tests.desktop.ways import Choosy, problem

QUEUED = 10_000


def judged(laptop, judge):
    laptop.transport = Choosy(laptop.world.app, judge)
    return laptop.transport


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "signed_out", SignedOut),
        (403, "account_disabled", Disabled),
        (403, "wrong_user", WrongAnswerer),
        (409, "wrong_server", WrongAnswerer),
        (426, "update_needed", TooOld),
        (429, "too_many_requests", ServerTrouble),
        (500, "internal", ServerTrouble),
        (503, "busy", ServerTrouble),
        (413, "too_large", ServerTrouble),
        (400, "malformed", ServerTrouble),
        (422, "malformed", ServerTrouble),
    ],
)
def test_a_refused_request_leaves_the_queue_alone(laptop, course, status, code, kind):
    said = set(laptop.study(course, 0, 1, 2))
    server_id = laptop.world.identity.server_id
    judged(laptop, lambda _: problem(server_id, status, code))
    with pytest.raises(kind) as trouble:
        laptop.sync()
    assert str(trouble.value)
    assert {command.id for command in laptop.store.views.unsettled()} == said
    assert laptop.store.views.counts() == {"pending": 3, "parked": 0, "rejected": 0}
    assert laptop.store.views.status()["needs_sign_in"] == (status == 401)
    assert laptop.store.views.status()["trouble"] == trouble.value.code
    judged(laptop, lambda _: None)
    assert laptop.sync().applied == 3
    assert not laptop.store.views.status()["needs_sign_in"]
    assert laptop.store.views.status()["trouble"] is None


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_names_a_time_is_obeyed(laptop, course, status):
    laptop.study(course, 0)
    server_id = laptop.world.identity.server_id
    judged(laptop, lambda _: problem(server_id, status, "busy", **{"Retry-After": "120"}))
    with pytest.raises(ServerTrouble) as trouble:
        laptop.sync()
    assert trouble.value.retry_after_s == 120
    assert schedule.wait_s(1, 0.0, trouble.value.retry_after_s) >= 120


def test_too_large_is_sent_in_halves(laptop, course):
    laptop.study(course, *range(40))
    server_id = laptop.world.identity.server_id
    way = judged(laptop, lambda ids: problem(server_id, 413, "too_large") if len(ids) > 7 else None)
    report = laptop.sync()
    assert report.applied == 40
    assert max(way.sizes[3:]) <= 7


def fill(laptop, courses):
    """10,000 completions at once, as if clicked."""
    commands: list[Command] = [Enroll(new_uuid7(), course.uid, now_ms()) for course in courses]
    commands += [CompleteLesson(new_uuid7(), uid, now_ms()) for course in courses for uid in course.lessons]
    with laptop.store.writing() as conn:
        with facts.counting(conn, laptop.learner.uid) as digest:
            apply_locally(conn, commands, digest)
        for command in commands:
            outbox.queue(conn, command)
    return commands


def test_one_poison_among_ten_thousand_stops_nobody(world, laptop):
    courses = [world.course(f"long-{turn}", QUEUED // 2) for turn in range(2)]
    laptop.sync()
    commands = fill(laptop, courses)
    poison = commands[7_777]
    server_id = world.identity.server_id
    way = judged(laptop, lambda ids: problem(server_id, 422, "malformed") if poison.id in ids else None)
    laptop.sync()
    assert laptop.store.views.counts() == {"pending": 0, "parked": 0, "rejected": 1}
    [seen] = laptop.store.views.sync().attention
    assert (seen.id, seen.code) == (poison.id, "malformed")
    everything = {uid for course in courses for uid in course.lessons}
    assert world.completed(laptop.learner) == everything - {poison.lesson}
    assert len(way.sizes) < 50
    # The learner's own view keeps it, and a server that has learned to read it takes it.
    judged(laptop, lambda _: None)
    laptop.store.try_again(poison.id)
    laptop.sync()
    assert world.completed(laptop.learner) == everything
