"""What happens on the machine's server: its admin's deeds, its worker, its backups and what is restored from them."""

from collections.abc import Callable
from functools import partial

from lms_server.actions import courses as course_actions
from lms_server.actions.context import Learner
from lms_server.actions.refusals import Refused
from lms_server.actions.users import disable_user
from lms_server.contract.ids import new_uuid4
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep
from tests.flows.machine_checks import Eye, Happened, check_server, check_swept, judge
from tests.flows.machine_mail import Copy
from tests.flows.machine_scene import Scene
from tests.flows.machine_world import PEOPLE
from tests.world import Course


class Admin:
    """The admin of the server."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.rng, self.note = scene, scene.rng, scene.note
        self.server, self.post = scene.server, scene.post

    def do_something(self) -> None:
        """Some deed on some course, lesson or account."""
        course = self.rng.choice(self.scene.courses)
        lesson = self.rng.choice(course.lessons)
        context = self.server.context
        deeds: tuple[tuple[int, str, Callable[[], object]], ...] = (
            (2, "add lesson", lambda: self.add_lesson(course)),
            (3, "remove lesson", lambda: course_actions.remove_lesson(context, lesson)),
            (3, "restore lesson", lambda: course_actions.restore_lesson(context, lesson)),
            (3, "unpublish", lambda: course_actions.unpublish_course(context, course.slug)),
            (3, "publish", lambda: course_actions.publish_course(context, course.slug)),
            (2, "delete", lambda: course_actions.delete_course(context, course.slug)),
            (2, "restore course", lambda: course_actions.restore_course(context, course.slug)),
            (1, "import again", lambda: self.server.keep_course(course)),
            (1, "new course", self.add_course if len(self.scene.courses) < 3 else lambda: None),
            (1, "disable", lambda: disable_user(context, self.rng.choice(PEOPLE)[0])),
            (1, "sign in", self._sign_in),
            (1, "send again", self.post.resend),
            (1, "release", self.post.release),
        )
        _, name, act = self.rng.choices(deeds, [deed[0] for deed in deeds])[0]
        self.note(" ", name, course.slug, lesson[:4])
        self.judged(act)
        if self.rng.random() < 0.15:
            self.enroll(course, self.rng.randrange(len(PEOPLE)))

    def judged(self, act: Callable[[], object]) -> None:
        """Do it, if the server doesn't refuse; nobody's work is the occasion for what follows."""
        memory = self.server.memory
        before = Eye.look(memory)
        try:
            act()
        except Refused as refused:
            self.note("  refused", refused.code)
        judge(memory, before, Eye.look(memory), Happened(), None)

    # Courses and accounts

    def add_course(self) -> None:
        index = len(self.scene.courses)
        count = self.rng.choice((1, 2, 2, 3))
        course = Course(new_uuid4(), f"course-{index}", [new_uuid4() for _ in range(count)])
        self.server.keep_course(course)
        self.scene.courses.append(course)

    def add_lesson(self, course: Course) -> None:
        if len(course.lessons) < 5:
            course.lessons.append(new_uuid4())
            self.server.keep_course(course)

    def close(self) -> None:
        """A course is there for its learners alone from now on."""
        course = self.rng.choice(self.scene.courses)
        self.enroll(course, self.rng.randrange(2))
        self.judged(partial(course_actions.unpublish_course, self.server.context, course.slug))

    def reopen(self, course: Course) -> None:
        self.judged(partial(course_actions.restore_course, self.server.context, course.slug))
        self.judged(partial(course_actions.publish_course, self.server.context, course.slug))

    def enroll(self, course: Course, who: int) -> None:
        self.note("  admin enrolls", who, course.slug)
        learner = self._learner(who)
        self.judged(lambda: enroll_user(self.server.context, learner, course.slug))

    def _learner(self, who: int) -> Learner:
        self.scene.tokens[who] = self.server.sign_in(who)
        [row] = self.server.memory.all("SELECT id, uid, name, email FROM users WHERE email = ?", PEOPLE[who][0])
        return Learner(*row)

    def _sign_in(self) -> None:
        who = self.rng.randrange(len(PEOPLE))
        self.scene.tokens[who] = self.server.sign_in(who)

    # What runs by itself

    def sweep(self) -> None:
        """Parked commands are tried again."""
        self.judged(lambda: sweep(self.server.context))
        check_swept(self.server.memory)

    def let_worker_run(self) -> None:
        """A worker does what is due; it may lose power at any statement."""
        memory = self.server.memory
        if self.rng.random() < 0.2:
            self.note("  crash")
            memory.crash_after(self.rng.randrange(40))
        self.post.work()
        memory.crash_after(None)
        self.post.check()
        check_server(memory, self.scene.shop.clock.now)

    # Backups

    def back_up(self) -> None:
        self.scene.backups.append(self.post.save())

    def restore(self) -> None:
        """A backup is put in, rather the last; or somebody puts an old copy back and says nothing."""
        backups = self.scene.backups
        copy = backups[-1] if self.rng.random() < 0.5 else self.rng.choice(backups)
        if self.rng.random() < 0.6:
            self.restore_openly(copy)
        else:
            self.post.roll_back(copy)
            self.note("  rolled back unnoticed")

    def restore_openly(self, copy: Copy, *, is_new: bool = False) -> None:
        """As the product's restore does it; ``is_new``: on a machine where nothing else is."""
        self.post.restore(copy, is_new=is_new)
        self.note("  restored")
