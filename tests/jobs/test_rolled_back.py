"""The whole data folder was rolled back behind our back: whose mails wait, and whose go on."""

import shutil

import pytest
from sqlalchemy import select

from lms_server.actions.work import build_worker
from lms_server.contract import wire
from lms_server.contract.anchors import Anchor
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import to_wire
from lms_server.database.clock import database_now
from lms_server.database.tables import server
from lms_server.jobs.journal import Journal
from lms_server.jobs.outbox import list_mails, release
from lms_server.sync import exchange
from tests.world import Laptop, World, command


class School:
    """A server with a mail server, three learners with a laptop each, and a copy of its whole folder."""

    def __init__(self, tmp_path, mail_server):
        self.world, self.script, self.url = World(tmp_path / "server"), mail_server.script, mail_server.url
        self.course = self.world.course(count=1)
        self.copy = tmp_path / "copy"
        self.laptops = [self._laptop(tmp_path, name) for name in ("ana", "ben", "chloe")]

    def _laptop(self, tmp_path, name):
        laptop = Laptop(
            self.world, self.world.learner(f"{name}@example.org", name.title()), tmp_path / name / "profile"
        )
        laptop.sync()
        return laptop

    @property
    def journal(self):
        return self.world.folder / "journal" / "dispatch.jsonl"

    def finish(self, laptop):
        laptop.store.enroll(self.course.uid)
        laptop.store.complete(self.course.lessons[0])
        laptop.sync()

    def work(self):
        build_worker(self.world.context, self.url, self.journal).run_once()

    def keep_copy(self):
        self.world.engine.dispose()
        shutil.copytree(self.world.folder, self.copy)

    def roll_back(self):
        self.world.engine.dispose()
        shutil.rmtree(self.world.folder)
        shutil.copytree(self.copy, self.world.folder)
        for laptop in self.laptops:
            laptop.token = self.world.token(laptop.learner)

    def states(self):
        with reading(self.world.engine) as conn:
            return {mail.to.partition("@")[0]: mail.state for mail in list_mails(conn)}

    def let_go(self):
        with writing(self.world.engine) as conn:
            return release(conn, Journal(self.journal), database_now(conn))

    def received(self):
        return sorted(to.partition("@")[0] for _, [to] in self.script.envelopes)

    def epoch(self):
        with reading(self.world.engine) as conn:
            return conn.execute(select(server.c.epoch)).scalar_one()

    def close(self):
        for laptop in self.laptops:
            laptop.close()
        self.world.close()


@pytest.fixture
def school(tmp_path, mail_server):
    made = School(tmp_path, mail_server)
    yield made
    made.close()


def lie(school, laptop):
    """A request under the present epoch with an anchor that no server ever gave."""
    made_up = wire.Cursors(me=Anchor(1, b"a lie!!!").text())
    request = wire.SyncRequest(
        v=1,
        request_id=new_uuid4(),
        server_id=school.world.identity.server_id,
        sent_at=to_wire(school.world.now()),
        epoch=school.epoch(),
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
    assert school.states() == {"ana": "held", "ben": "held"}
    assert school.received() == ["ana", "ben"]
    school.finish(chloe)
    school.work()
    assert school.states()["chloe"] == "accepted", "who lost nothing gets a mail"
    assert school.received() == ["ana", "ben", "chloe"]


@pytest.mark.logs("rolled back")
def test_a_made_up_anchor_stops_nobody_else_s_mail(school):
    ana, ben, chloe = school.laptops
    school.finish(ben)
    before = school.epoch()
    assert not lie(school, ana).known.me
    assert school.epoch() != before
    ended = school.epoch()
    lie(school, ana)
    assert school.epoch() == ended, "who is held already changes nothing more"
    school.finish(chloe)
    school.work()
    assert school.states() == {"ana": "held", "ben": "accepted", "chloe": "accepted"}
    # Ben's laptop carries the epoch that the lie ended; its own anchors are found, so nothing of his is held.
    other = school.world.course("water", count=1)
    ben.sync()
    ben.store.enroll(other.uid)
    ben.store.complete(other.lessons[0])
    ben.sync()
    school.work()
    assert school.received() == ["ben", "ben", "chloe"]


@pytest.mark.logs("rolled back")
def test_an_admin_lets_them_go_once_and_for_all(school):
    ana = school.laptops[0]
    school.keep_copy()
    school.finish(ana)
    school.roll_back()
    ana.sync()
    school.work()
    assert school.states() == {"ana": "held"}
    assert school.let_go() == 1
    school.work()
    other = school.world.course("water", count=1)
    ana.sync()
    ana.store.enroll(other.uid)
    ana.store.complete(other.lessons[0])
    ana.sync()
    school.work()
    assert school.states() == {"ana": "accepted"}
    assert school.received() == ["ana", "ana"]


def test_a_restore_that_was_said_so_holds_nobody(school):
    ana = school.laptops[0]
    school.finish(ana)
    school.work()
    journal = school.journal.read_bytes()
    school.keep_copy()
    other = school.world.course("water", count=1)
    ana.sync()
    ana.store.enroll(other.uid)
    ana.sync()
    school.roll_back()
    with writing(school.world.engine) as conn:
        conn.exec_driver_sql(f"UPDATE server SET epoch = '{new_uuid4()}'")
    assert school.journal.read_bytes() == journal
    ana.sync()
    third = school.world.course("fire", count=1)
    ana.sync()
    ana.store.enroll(third.uid)
    ana.store.complete(third.lessons[0])
    ana.sync()
    school.work()
    assert school.received() == ["ana", "ana"]
