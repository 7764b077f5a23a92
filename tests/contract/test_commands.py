"""What the server answers to commands, whatever comes twice, late, together or under another's name."""

import threading

import pytest

from lms_desktop.store.errors import Refused
from lms_server.actions.context import Learner
from lms_server.contract.command_json import read_command, write_command
from lms_server.contract.commands import Code
from lms_server.contract.ids import new_uuid7
from lms_server.contract.times import now_ms
from lms_server.sync.settle import settle
from tests.world import command


def send(world, learner: Learner, *commands, sent_at=None):
    now = now_ms()
    results = settle(world.context, learner, commands, sent_at=sent_at or now, received_at=now)
    return [(result.outcome, result.code) for result in results]


def test_enrolling_in_a_draft_is_refused_here_and_parked_there(world, laptops):
    learner, course = world.learner(), world.course(published=False)
    assert send(world, learner, command("enroll", course.uid)) == [("parked", "course_draft")]
    laptop = laptops(learner)
    laptop.sync()
    with pytest.raises(Refused) as refused:
        laptop.store.enroll(course.uid)
    assert refused.value.code is Code.UNKNOWN_COURSE


def test_a_desktop_that_knows_a_draft_refuses_with_the_reason(world, laptops):
    learner, course = world.learner(), world.course()
    laptop = laptops(learner)
    laptop.sync()
    with laptop.store.writing() as conn:
        conn.exec_driver_sql("UPDATE courses SET is_published = 0")
    with pytest.raises(Refused) as refused:
        laptop.store.enroll(course.uid)
    assert refused.value.code is Code.COURSE_DRAFT
    assert laptop.store.views.counts()["pending"] == 0


def test_a_command_counts_once_in_one_batch_and_in_two(world):
    learner, course = world.learner(), world.course()
    enroll, complete = command("enroll", course.uid), command("complete_lesson", course.lessons[0])
    assert send(world, learner, enroll, enroll, complete, complete) == [
        ("applied", "ok"),
        ("duplicate", "ok"),
        ("applied", "ok"),
        ("duplicate", "ok"),
    ]
    assert send(world, learner, complete, enroll) == [("duplicate", "ok"), ("duplicate", "ok")]
    assert world.completed(learner) == {course.lessons[0]}
    assert len(world.receipts()) == 2


def test_a_command_counts_once_in_two_threads(world):
    learner, course = world.learner(), world.course()
    send(world, learner, command("enroll", course.uid))
    complete = command("complete_lesson", course.lessons[0])
    answers = together(*[lambda: send(world, learner, complete)] * 4)
    assert sorted(answer[0][0] for answer in answers) == ["applied", "duplicate", "duplicate", "duplicate"]
    assert len(world.receipts()) == 2


def test_the_same_id_with_other_content_is_a_conflict_and_changes_nothing(world):
    learner, course = world.learner(), world.course()
    one = new_uuid7()
    send(world, learner, command("enroll", course.uid), command("complete_lesson", course.lessons[0], one))
    other = command("complete_lesson", course.lessons[1], one)
    assert send(world, learner, other) == [("rejected", "id_conflict")]
    later = command("start_lesson", course.lessons[0], one)
    assert send(world, learner, later) == [("rejected", "id_conflict")]
    assert world.completed(learner) == {course.lessons[0]}


def test_another_learner_with_my_id_first_has_no_effect_on_me(world):
    ana, eve, course = world.learner(), world.learner("eve@example.org", "Eve"), world.course()
    mine = command("enroll", course.uid)
    assert send(world, eve, mine) == [("applied", "ok")]
    assert send(world, ana, mine) == [("applied", "ok")]
    done = command("complete_lesson", course.lessons[0])
    send(world, eve, done)
    assert world.completed(ana) == set()
    assert send(world, ana, done) == [("applied", "ok")]


def test_one_bad_command_never_stops_its_neighbours(world):
    learner, course = world.learner(), world.course()
    good = command("complete_lesson", course.lessons[0])
    results = settle(
        world.context,
        learner,
        [command("enroll", course.uid), {"kind": "enroll"}, {"id": "{X}", "kind": "enroll"}, 7, good],
        sent_at=0,
        received_at=now_ms(),
    )
    assert [result.outcome for result in results] == ["applied", "rejected", "rejected", "rejected", "applied"]
    assert [result.index for result in results] == [None, 1, None, 3, None]


@pytest.mark.parametrize(
    "spelling", [str.upper, lambda u: f"{{{u}}}", lambda u: f"urn:uuid:{u}", lambda u: u.replace("-", "")]
)
def test_another_spelling_of_an_id_is_malformed_and_never_a_second_identity(world, spelling):
    learner, course = world.learner(), world.course()
    one = new_uuid7()
    send(world, learner, command("enroll", course.uid, one))
    assert send(world, learner, command("enroll", course.uid, spelling(one))) == [("rejected", "malformed")]
    assert send(world, learner, command("enroll", spelling(course.uid))) == [("rejected", "malformed")]


def test_kinds_apply_in_their_order_whatever_the_order_of_the_batch(world):
    learner, course = world.learner(), world.course(count=1)
    assert send(world, learner, command("complete_lesson", course.lessons[0]), command("enroll", course.uid)) == [
        ("applied", "ok"),
        ("applied", "ok"),
    ]
    assert len(world.certificates()) == 1


def test_work_before_the_enrollment_waits_and_is_done_with_it(world):
    learner, course = world.learner(), world.course(count=1)
    early = command("complete_lesson", course.lessons[0])
    assert send(world, learner, early) == [("parked", "not_enrolled")]
    assert send(world, learner, command("enroll", course.uid)) == [("applied", "ok")]
    assert world.completed(learner) == {course.lessons[0]}
    assert world.parked() == []
    assert len(world.certificates()) == 1
    assert send(world, learner, early) == [("duplicate", "ok")]


def test_a_kind_from_a_newer_app_is_kept_whole(world):
    learner = world.learner()
    new = {"id": new_uuid7(), "kind": "rate_course", "stars": 5, "made_at": "2026-11-22T10:00:00.000Z"}
    assert send(world, learner, new) == [("parked", "unsupported_kind")]
    assert send(world, learner, new | {"made_at": "2027-01-01T00:00:00Z"}) == [("duplicate", "unsupported_kind")]
    large = new | {"id": new_uuid7(), "parts": ["x" * 4096] * 4}
    assert send(world, learner, large) == [("rejected", "malformed")]
    assert send(world, learner, new | {"stars": 4}) == [("rejected", "id_conflict")]


def test_a_newer_kind_may_have_no_time(world):
    learner = world.learner()
    new = {"id": new_uuid7(), "kind": "keep_badge", "payload": "signed facts"}
    assert send(world, learner, new) == [("parked", "unsupported_kind")]
    assert write_command(read_command(new)) == new
    assert send(world, learner, new) == [("duplicate", "unsupported_kind")]


def test_the_earliest_accepted_time_stands_in_any_order(world):
    learner, course = world.learner(), world.course()
    early, late = "2026-11-01T10:00:00.000Z", "2026-11-20T10:00:00.000Z"
    send(world, learner, command("enroll", course.uid, at=early))
    one = command("complete_lesson", course.lessons[0], at=early)
    two = command("complete_lesson", course.lessons[0], at=late)
    send(world, learner, two)
    send(world, learner, one)
    send(world, learner, command("complete_lesson", course.lessons[1], at=early))
    send(world, learner, command("complete_lesson", course.lessons[1], at=late))
    from sqlalchemy import select

    from lms_server.database.tables import lesson_progress

    with world.engine.connect() as conn:
        times = conn.execute(select(lesson_progress.c.completed_at)).scalars().all()
    assert len(times) == 2
    assert len(set(times)) == 1


def together(*calls):
    """Run calls at the same moment in threads; their results, or the first exception."""
    barrier = threading.Barrier(len(calls))
    results, errors = [None] * len(calls), []

    def run(index, call):
        barrier.wait()
        try:
            results[index] = call()
        except Exception as error:  # noqa: BLE001 # told by the caller, whatever it is
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
