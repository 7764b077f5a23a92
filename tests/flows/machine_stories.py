"""Short stories that schedules are made of: several things in an order that has made trouble."""

from functools import partial

from lms_server.actions import courses as course_actions
from tests.flows.machine_admin import Admin
from tests.flows.machine_checks import Eye, Held
from tests.flows.machine_laptops import Laptops
from tests.flows.machine_memory import DAY_MS
from tests.flows.machine_network import Network
from tests.flows.machine_scene import Scene
from tests.flows.machine_world import Profile
from tests.world import Course


class Stories:
    """What learners, the admin and the network bring about together."""

    def __init__(self, scene: Scene, laptops: Laptops, admin: Admin, network: Network) -> None:
        self.scene, self.rng, self.server, self.post = scene, scene.rng, scene.server, scene.post
        self.laptops, self.admin, self.network = laptops, admin, network

    def _pick(self) -> tuple[Profile, Course]:
        return self.scene.pick(), self.rng.choice(self.scene.courses)

    # Learners

    def race(self) -> None:
        """A course closes on the server while a learner who hasn't heard of it takes it up; it may open again."""
        profile, course = self._pick()
        close = self.rng.choice((course_actions.unpublish_course, course_actions.delete_course))
        self.scene.note(" ", close.__name__, course.slug)
        self.admin.judged(partial(close, self.server.context, course.slug))
        if self.rng.random() < 0.3:
            self.admin.back_up()
        for kind, target in _all_of(course):
            if self.rng.random() < 0.8:
                self.laptops.record(profile, kind, target)
        self.laptops.sync(profile)
        if self.rng.random() < 0.4:
            self.admin.reopen(course)
        if self.rng.random() < 0.3:
            self.admin.restore()

    def hear_half(self) -> None:
        """A laptop hears of what its learner did elsewhere, and not yet of what else is new; and that is taken back."""
        profile, course = self._pick()
        if profile.who is not None:
            self.admin.enroll(course, profile.who)
        self.admin.back_up()
        self.admin.judged(partial(course_actions.unpublish_course, self.server.context, course.slug))
        self.scene.fates = ["fine", "lost"]
        self.laptops.sync(profile)
        self.scene.fates = None
        self.admin.restore()

    def overtake(self) -> None:
        """A lesson is started, and finished while the server hears of the start."""
        profile, course = self._pick()
        held = Held.look(profile.slot.memory)
        if course.uid not in held.enrolled:
            self.laptops.record(profile, "enroll", course.uid)
        open_ones = [lesson for lesson in course.lessons if lesson not in held.completed]
        lesson = self.rng.choice(open_ones or course.lessons)
        self.laptops.record(profile, "start_lesson", lesson)
        self.scene.interjection = lambda: self.laptops.record(profile, "complete_lesson", lesson)
        self.laptops.sync(profile)
        self.scene.interjection = None

    def repeat(self) -> None:
        """What stood between a learner and the certificate is removed, and an old request comes again."""
        if self.rng.random() < 0.5:
            self.laptops.study()
            self.laptops.sync()
        sent = [
            one for one in self.scene.sent if any(row["kind"] == "complete_lesson" for row in one.asked["commands"])
        ]
        if not sent:
            return
        request = self.rng.choice(sent)
        asked = request.asked
        lesson = next(row["lesson"] for row in asked["commands"] if row["kind"] == "complete_lesson")
        done = Eye.look(self.server.memory).done
        course = next(course for course in self.scene.courses if lesson in course.lessons)
        for other in course.lessons:
            if (asked["user"], other) not in done:
                self.admin.judged(partial(course_actions.remove_lesson, self.server.context, other))
        self.network.deliver(request, None)

    def finish(self, profile: Profile | None = None, course: Course | None = None) -> None:
        """A learner finishes a course, and the certificate's mail goes; the server may be restored around it."""
        profile, course = profile or self.scene.pick(), course or self.rng.choice(self.scene.courses)
        if self.rng.random() < 0.3:
            self.admin.back_up()
        self._earn(profile, course)
        if self.rng.random() < 0.2:
            # The mail waits in it.
            self.admin.back_up()
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self.admin.let_worker_run()
            self.scene.shop.clock.now += self.rng.choice((1, 60_000, DAY_MS))
        if self.rng.random() < 0.2:
            self.admin.restore()

    def _earn(self, profile: Profile, course: Course) -> None:
        """All of a course, and a sync."""
        for kind, target in _all_of(course):
            self.laptops.record(profile, kind, target)
        self.laptops.sync(profile)

    # Losses

    def lose_journal(self) -> None:
        """The journal is gone, and then another mail is due."""
        self.post.lose_journal()
        profile = self.scene.pick()
        if profile.who is not None and self.rng.random() < 0.6:
            if len(self.scene.courses) < 3:
                self.admin.add_course()
                self.laptops.sync(profile)
            self.finish(profile, self.scene.courses[-1])

    def move(self) -> None:
        """The server goes to a new machine, by its last backup; then an older one may be put in."""
        backups = self.scene.backups
        if self.rng.random() < 0.5:
            self.admin.back_up()
        self.post.lose_journal()
        self.admin.restore_openly(backups[-1], is_new=True)
        if self.rng.random() < 0.5:
            self.admin.restore_openly(self.rng.choice(backups))
        self.laptops.sync()
        self.admin.let_worker_run()

    def relapse(self) -> None:
        """A mail may go while a backup is made, or after; the server falls back behind it, and the backup is put in."""
        backups = self.scene.backups
        self._earn(*self._pick())
        self.admin.back_up()
        if self.rng.random() < 0.5:
            self.admin.let_worker_run()
        self.post.roll_back(self.rng.choice(backups[:-1]))
        self.admin.restore_openly(backups[-1])
        self.admin.let_worker_run()

    def fall_twice(self) -> None:
        """The server falls behind a mail that went, journal and all; a laptop tells; then an old backup is put in."""
        profile = self.scene.pick()
        self.admin.back_up()
        copy = self.scene.backups[-1]
        self._earn(profile, self.rng.choice(self.scene.courses))
        self.admin.let_worker_run()
        self.post.roll_back(copy)
        # It may get no further than telling.
        self.scene.fates = self.rng.choice((None, ["fine", "lost"]))
        self.laptops.sync(profile)
        self.scene.fates = None
        self.admin.restore_openly(copy)
        self.laptops.sync(profile)
        self.admin.let_worker_run()

    def restore_without_the_journal(self) -> None:
        """A mail goes, the journal is lost, and a backup of the time before is put in on the same machine."""
        profile = self.scene.pick()
        self.admin.back_up()
        self._earn(profile, self.rng.choice(self.scene.courses))
        self.admin.let_worker_run()
        self.post.lose_journal()
        self.admin.restore_openly(self.scene.backups[-1])
        self.laptops.sync(profile)
        self.admin.let_worker_run()

    def have_no_courses(self) -> None:
        """The server falls back before its first course; then to a time without a lesson that was studied."""
        profile, course = self._pick()
        copy = self.rng.choice(self.scene.backups)
        self.admin.add_lesson(course)
        self.laptops.sync(profile)
        self.laptops.record(profile, "enroll", course.uid)
        self.laptops.record(profile, "complete_lesson", course.lessons[-1])
        self.laptops.sync(profile)
        for older in (self.post.copy(self.scene.shop.server_content), copy):
            self.post.roll_back(older)
            self.laptops.sync(profile)


def _all_of(course: Course) -> list[tuple[str, str]]:
    """Kind and target of the clicks that finish a course."""
    return [("enroll", course.uid), *(("complete_lesson", lesson) for lesson in course.lessons)]
