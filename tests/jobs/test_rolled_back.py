"""The whole data folder was rolled back behind our back: whose mails wait, and whose go on."""

import pytest
from sqlalchemy import select

from lms_server.contract import wire
from lms_server.contract.anchors import Anchor
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading
from lms_server.contract.times import to_wire
from lms_server.database.tables import holds
from lms_server.sync import exchange
from tests.jobs.school import School
from tests.world import command


@pytest.fixture
def school(tmp_path, mail_server):
    made = School(tmp_path, mail_server)
    yield made
    made.close()


def lie(school, laptop, epoch):
    """A request with an anchor that no server ever gave."""
    made_up = wire.Cursors(me=Anchor(1, b"a lie!!!").text())
    request = wire.SyncRequest(
        v=1,
        request_id=new_uuid4(),
        server_id=school.world.identity.server_id,
        sent_at=to_wire(school.world.now()),
        epoch=epoch,
        user=laptop.learner.uid,
        settled=made_up,
        commands=[command("enroll", school.course.uid), command("complete_lesson", school.course.lessons[0])],
    )
    return exchange(school.world.context, request, laptop.learner)


@pytest.mark.logs("rolled back")
def test_nobody_gets_a_second_mail_although_the_journal_was_rolled_back_too(school):
    ana, ben, chloe = school.laptops
    school.keep_copy()
    for laptop in (ana, ben):
        school.finish(laptop)
    school.work()
    assert school.received() == ["ana", "ben"]
    school.roll_back()
    # The first to come notices; the second comes under an epoch that has ended by then.
    for laptop in (ana, ben):
        laptop.sync()
        school.work()
    assert school.states() == {"ana": ["held"], "ben": ["held"]}
    assert school.received() == ["ana", "ben"]
    school.finish(chloe)
    school.work()
    assert school.states()["chloe"] == ["accepted"], "who lost nothing gets a mail"
    assert school.received() == ["ana", "ben", "chloe"]


@pytest.mark.logs("rolled back")
def test_what_an_admin_sent_again_is_held_too(school):
    """The folder falls back a second time, to where a mail of a learner who is held was about to go."""
    ana, third = school.laptops[0], school.world.course("third", count=1)
    ana.sync()
    school.script.at = {"DATA": "drop"}
    school.finish(ana)
    school.work()
    school.script.at = {}
    school.keep_copy()
    school.finish(ana, school.other)
    school.roll_back()
    ana.sync()
    assert school.states() == {"ana": ["in_doubt", "held"]}
    school.send_again("in_doubt")
    school.keep_copy()
    school.work()
    assert school.received() == ["ana", "ana"]
    school.finish(ana, third)
    school.roll_back()
    ana.sync()
    school.work()
    assert set(school.states()["ana"]) == {"held"}
    assert school.received() == ["ana", "ana"]


@pytest.mark.logs("rolled back")
def test_a_made_up_anchor_stops_nobody_else_s_mail(school):
    ana, ben, chloe = school.laptops
    school.finish(ben)
    before = school.epoch()
    assert not lie(school, ana, before).known.me
    assert school.epoch() != before
    ended = school.epoch()
    lie(school, ana, ended)
    assert school.epoch() == ended, "who is held already changes nothing more"
    school.finish(chloe)
    school.work()
    assert school.states() == {"ana": ["held"], "ben": ["accepted"], "chloe": ["accepted"]}
    # Ben's laptop carries the epoch that the lie ended; its own anchors are found, so nothing of his is held.
    school.finish(ben, school.other)
    school.work()
    assert school.received() == ["ben", "ben", "chloe"]


@pytest.mark.logs("rolled back")
@pytest.mark.parametrize("epoch", [None, "x" * 1000])
def test_an_anchor_is_judged_whatever_epoch_comes_with_it(school, epoch):
    ana, before = school.laptops[0], school.epoch()
    assert not lie(school, ana, epoch).known.me
    school.work()
    assert school.states() == {"ana": ["held"]}
    assert school.epoch() == before
    with reading(school.world.engine) as conn:
        assert conn.execute(select(holds.c.epoch)).scalar_one() == "", "a long one wouldn't fit everywhere"


@pytest.mark.logs("rolled back")
def test_an_admin_lets_them_go_once_and_for_all(school):
    ana = school.laptops[0]
    school.keep_copy()
    school.finish(ana)
    school.roll_back()
    ana.sync()
    school.work()
    assert school.states() == {"ana": ["held"]}
    assert school.let_go() == 1
    school.work()
    school.finish(ana, school.other)
    school.work()
    assert school.states() == {"ana": ["accepted", "accepted"]}
    assert school.received() == ["ana", "ana"]


@pytest.mark.logs("rolled back")
def test_what_an_admin_let_go_says_nothing_of_what_another_laptop_brings(school):
    ana = school.laptops[0]
    other = school.laptop(ana.learner)
    other.sync()
    school.keep_copy()
    school.finish(ana)
    school.finish(other, school.other)
    school.work()
    assert school.received() == ["ana", "ana"]
    school.roll_back()
    ana.sync()
    school.let_go()
    school.work()
    assert school.received() == ["ana", "ana", "ana"], "one that the admin let go"
    other.sync()
    school.work()
    assert sorted(school.states()["ana"]) == ["accepted", "held"]


@pytest.mark.logs("rolled back")
def test_a_laptop_from_an_epoch_that_was_rolled_back_is_heard_too(school):
    """The folder goes back past an epoch's beginning: nobody here ever heard of it."""
    ana = school.laptops[0]
    school.keep_copy()
    school.restore(school.back_up("a"))
    ana.sync()
    school.finish(ana)
    school.work()
    school.roll_back()
    ana.sync()
    school.work()
    assert school.states() == {"ana": ["held"]}
    assert school.received() == ["ana"]
