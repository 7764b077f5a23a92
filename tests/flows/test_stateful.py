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
from tests.flows.machine_scene import Scene

EXAMPLES = int(os.environ.get("LMS_EXAMPLES", "8"))
LEARNERS, PLACES = st.integers(0, 1), st.integers(0, 3)

_STACK = ExitStack()


class Sync(RuleBasedStateMachine):
    """Two learners with up to four laptops, one server, and an admin."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(Scene(shop(), seed=1))
        self.scene = self.machine.scene
        self.context = prepared(self.machine)
        self.context.__enter__()
        self.machine.begin(learners=2)
        self.is_over = False

    def profile(self, place: int):
        return self.scene.profiles[place % len(self.scene.profiles)]

    def course(self, place: int):
        return self.scene.courses[place % len(self.scene.courses)]

    @rule(who=PLACES, course=PLACES)
    def enroll(self, who, course):
        self.machine.laptops.record(self.profile(who), "enroll", self.course(course).uid)

    @rule(who=PLACES, course=PLACES, lesson=PLACES, kind=st.sampled_from(["start_lesson", "complete_lesson"]))
    def study(self, who, course, lesson, kind):
        lessons = self.course(course).lessons
        self.machine.laptops.record(self.profile(who), kind, lessons[lesson % len(lessons)])

    @rule(who=PLACES, fate=st.sampled_from(["fine", "fine", "lost", "answer lost", "twice", "delayed", "cut"]))
    def sync(self, who, fate):
        self.scene.fates = [fate]
        try:
            self.machine.laptops.exchange(self.profile(who), self.scene.limit)
        except Trouble:
            pass
        finally:
            self.scene.fates = None

    @rule()
    def a_late_request_arrives(self):
        self.machine.network.deliver_late()

    @rule(who=PLACES)
    def another_laptop(self, who):
        if len(self.scene.profiles) < 4:
            self.machine.laptops.add(self.profile(who).who)

    @rule(who=PLACES)
    def copy_the_disk(self, who):
        self.scene.disks.append(self.profile(who).save())

    @precondition(lambda self: self.scene.disks)
    @rule(who=PLACES, disk=PLACES)
    def restore_the_disk(self, who, disk):
        self.profile(who).load(self.scene.disks[disk % len(self.scene.disks)])

    @rule()
    def back_up_the_server(self):
        self.machine.admin.back_up()

    @rule()
    def restore_the_server(self):
        self.machine.admin.restore()

    @rule(
        course=PLACES, verb=st.sampled_from(["publish_course", "unpublish_course", "delete_course", "restore_course"])
    )
    def open_or_close(self, course, verb):
        act = getattr(course_actions, verb)
        self.machine.admin.judged(lambda: act(self.scene.server.context, self.course(course).slug))

    @rule(course=PLACES, lesson=PLACES, verb=st.sampled_from(["remove_lesson", "restore_lesson"]))
    def change_a_lesson(self, course, lesson, verb):
        uids, act = self.course(course).lessons, getattr(course_actions, verb)
        self.machine.admin.judged(lambda: act(self.scene.server.context, uids[lesson % len(uids)]))

    @rule(course=PLACES)
    def add_a_lesson(self, course):
        self.machine.admin.add_lesson(self.course(course))

    @rule()
    def sweep(self):
        self.machine.admin.sweep()

    @rule()
    def the_post_goes(self):
        self.machine.admin.let_worker_run()

    @rule(verb=st.sampled_from(["resend", "release"]))
    def an_admin_sees_to_the_post(self, verb):
        getattr(self.scene.post, verb)()

    @rule()
    def a_guest_comes(self):
        if len(self.scene.profiles) < 4:
            self.machine.laptops.add(None)

    @invariant()
    def laptops_keep_what_they_showed(self):
        self.scene.shop.clock.now += 1000
        self.machine.check()

    def teardown(self):
        try:
            self.machine.rest.calm_down()
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
    shop.cache_clear()
