"""Hypothesis drives the same world: it finds short stories, and shrinks those that fail."""

import os
from contextlib import ExitStack
from functools import cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lms_desktop.sync.errors import Trouble
from lms_server.actions import courses as course_actions
from tests.flows.machine import Machine, prepared, workshop

EXAMPLES = int(os.environ.get("LMS_EXAMPLES", "8"))
LEARNERS, PLACES = st.integers(0, 1), st.integers(0, 3)

_STACK = ExitStack()


class Sync(RuleBasedStateMachine):
    """Two learners with up to four laptops, one server, and an admin."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(shop(), seed=1)
        self.context = prepared(self.machine)
        self.context.__enter__()
        self.machine.begin(learners=2)
        self.is_over = False

    def profile(self, place: int):
        return self.machine.profiles[place % len(self.machine.profiles)]

    def course(self, place: int):
        return self.machine.courses[place % len(self.machine.courses)]

    @rule(who=PLACES, course=PLACES)
    def enroll(self, who, course):
        self.machine._record(self.profile(who), "enroll", self.course(course).uid)

    @rule(who=PLACES, course=PLACES, lesson=PLACES, kind=st.sampled_from(["start_lesson", "complete_lesson"]))
    def study(self, who, course, lesson, kind):
        lessons = self.course(course).lessons
        self.machine._record(self.profile(who), kind, lessons[lesson % len(lessons)])

    @rule(who=PLACES, fate=st.sampled_from(["fine", "fine", "lost", "answer lost", "twice", "delayed", "cut"]))
    def sync(self, who, fate):
        self.machine.fates = [fate]
        try:
            self.machine.sync(self.profile(who), self.machine.limit)
        except Trouble:
            pass
        finally:
            self.machine.fates = None

    @rule()
    def a_late_request_arrives(self):
        self.machine._deliver_late()

    @rule(who=PLACES)
    def another_laptop(self, who):
        if len(self.machine.profiles) < 4:
            self.machine._new_profile(self.profile(who).who)

    @rule(who=PLACES)
    def copy_the_disk(self, who):
        self.machine.disks.append(self.profile(who).save())

    @precondition(lambda self: self.machine.disks)
    @rule(who=PLACES, disk=PLACES)
    def restore_the_disk(self, who, disk):
        self.profile(who).load(self.machine.disks[disk % len(self.machine.disks)])

    @rule()
    def back_up_the_server(self):
        self.machine._back_up()

    @rule()
    def restore_the_server(self):
        self.machine._restore()

    @rule(
        course=PLACES, verb=st.sampled_from(["publish_course", "unpublish_course", "delete_course", "restore_course"])
    )
    def open_or_close(self, course, verb):
        act = getattr(course_actions, verb)
        self.machine._judged(lambda: act(self.machine.server.context, self.course(course).slug))

    @rule(course=PLACES, lesson=PLACES, verb=st.sampled_from(["remove_lesson", "restore_lesson"]))
    def change_a_lesson(self, course, lesson, verb):
        uids, act = self.course(course).lessons, getattr(course_actions, verb)
        self.machine._judged(lambda: act(self.machine.server.context, uids[lesson % len(uids)]))

    @rule(course=PLACES)
    def add_a_lesson(self, course):
        self.machine._add_lesson(self.course(course))

    @rule()
    def sweep(self):
        self.machine._sweep()

    @rule()
    def the_post_goes(self):
        self.machine._post()

    @rule(verb=st.sampled_from(["resend", "release"]))
    def an_admin_sees_to_the_post(self, verb):
        getattr(self.machine.post, verb)()

    @rule()
    def a_guest_comes(self):
        if len(self.machine.profiles) < 4:
            self.machine._new_profile(None)

    @invariant()
    def laptops_keep_what_they_showed(self):
        self.machine.shop.clock.now += 1000
        self.machine._check_all()

    def teardown(self):
        try:
            self.machine._calm_down()
        finally:
            self.machine.end()
            self.context.__exit__(None, None, None)


@cache
def shop():
    """One for all examples: a new one costs a second."""
    return _STACK.enter_context(workshop())


Sync.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestSync = Sync.TestCase


def teardown_module():
    _STACK.close()
    if hasattr(shop, "made"):
        del shop.made
