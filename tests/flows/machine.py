"""Random schedules against the real server and real laptops: one seed, one schedule, all invariants.

``Machine`` has a method for each thing that can happen (``_acts`` names them), and a theme says which of them a
schedule is made of. Beside it:

``machine_themes``    what schedules are about, and how often
``machine_world``     the server, the laptops, and copies of their disks
``machine_wire``      what networks do to requests and answers
``machine_mail``      the job worker and what must be true of mails; ``machine_smtp`` is its mail server
``machine_checks``    the invariants, with their numbers
``machine_memory``    databases in memory and seeded ids; ``machine_postgres`` has the server on PostgreSQL instead
``machine_quick``     a shorter way from statements to SQLite
``zoo``               the mechanisms of the product, each switched off to see that the machine notices
"""

import json
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random

from lms_desktop.store import ballast
from lms_desktop.store.errors import Refused
from lms_desktop.store.store import Store
from lms_desktop.sync.errors import Trouble
from lms_server.actions import courses as course_actions
from lms_server.actions.context import Learner
from lms_server.actions.refusals import Refused as ServerRefused
from lms_server.actions.users import disable_user
from lms_server.contract import anchors
from lms_server.contract.anchors import read_anchor
from lms_server.contract.commands import certificate_command_id
from lms_server.contract.ids import new_uuid4
from lms_server.contract.times import to_wire
from lms_server.contract.wire import read_answer
from lms_server.sync import changes
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep
from tests.flows.machine_checks import (
    ACCEPTED,
    Eye,
    Happened,
    Held,
    Violation,
    check_arrived,
    check_profile,
    check_same,
    check_server,
    check_swept,
    judge,
    must,
)
from tests.flows.machine_mail import Copy, Post
from tests.flows.machine_memory import Clock, Crash, Instead, seeded
from tests.flows.machine_smtp import posted
from tests.flows.machine_themes import SHARES, THEMES
from tests.flows.machine_wire import FATES, broken, occasion, twisted
from tests.flows.machine_world import IDENTITY, PEOPLE, Disk, Profile, Reply, Request, Shop
from tests.world import Course, command

DAY_MS = 86_400_000
# 1970, 2000, 2038, 2106, and clocks in the wrong zone.
CLOCKS = (0, 946_684_800_000, 2_147_483_648_000, 4_294_967_296_000)


class Machine:
    """One schedule. ``log`` tells what was done, for whoever reads a failure."""

    def __init__(self, shop: Shop, seed: int, *, is_long: bool = False) -> None:
        self.shop, self.server, self.seed, self.is_long = shop, shop.server, seed, is_long
        self.rng = Random(seed)
        self.log: list[str] = []
        self.profiles: list[Profile] = []
        self.courses: list[Course] = []
        self.sent: list[Request] = []
        self.late: list[Request] = []
        self.answers: list[Reply] = []
        self.backups: list[Copy] = []
        self.post = Post(shop.server, self.rng)
        self.post.note = self.note
        self.disks: list[Disk] = []
        self.made_answers: dict[str, list[bytes]] = {}
        # What happens to requests, when somebody else than the seed decides.
        self.fates: list[str] | None = None
        # What a learner does just when the server has answered.
        self.interjection: Callable[[], None] | None = None
        self.quiet = False
        self.depth = 0
        self._syncing: list[Profile] = []
        self.crashing: Profile | None = None
        self.theme = self.rng.choices(THEMES, SHARES)[0]
        self._acts: dict[str, Callable[[], None]] = {
            "study": self._study,
            "enroll": self._enroll,
            "click": self._click,
            "sync": self._sync,
            "sync as another": self._sync_as_another,
            "forgery": self._forge,
            "late": self._deliver_late,
            "sweep": self._sweep,
            "admin": self._admin,
            "race": self._race,
            "overtake": self._overtake,
            "half heard": self._hear_half,
            "close": self._close,
            "repeat": self._repeat,
            "server backup": self._back_up,
            "server restore": self._restore,
            "disk copy": self._copy_disk,
            "disk restore": self._restore_disk,
            "clock": self._turn_clock,
            "another laptop": self._another_laptop,
            "finish": self._finish,
            "post": self._post,
            "move": self._move,
            "relapse": self._relapse,
            "fall twice": self._fall_twice,
            "restore without the journal": self._restore_without_the_journal,
            "no courses": self._have_no_courses,
            "lose the journal": self._lose_journal,
            "guest": partial(self._new_profile, None),
        }

    # The schedule

    def run(self) -> None:
        """The whole schedule; raises Violation."""
        try:
            self.begin(self.rng.choice(self.theme.learners))
            for name in self.theme.begins_with:
                self._step(name)
            for _ in range(self.theme.length(self.rng, is_long=self.is_long)):
                self._step(self.rng.choices(*self.theme.draw)[0])
            self._calm_down()
        except BaseException:
            for profile in self.profiles:
                profile.slot.close()
            raise
        finally:
            self.end()

    def begin(self, learners: int) -> None:
        """A new server with courses, and a laptop for each learner."""
        shelf = self.rng.choice(self.shop.shelves)
        self.shop.clock.now = 1_795_000_000_000
        self.server.memory.crash_after(None)
        if self.rng.random() < 0.25:
            # A backup of the time before there was any course.
            self.backups.append(self.post.copy(self.shop.server_content))
        self.server.memory.load(shelf.server)
        self.courses = [Course(course.uid, course.slug, list(course.lessons)) for course in shelf.courses]
        self.tokens = list(self.shop.tokens)
        self.limit = self.rng.choice(self.theme.commands)
        anchors.ROWS_A_REVISION = self.rng.choice((1, 2, 500))
        self.backups.append(self.post.copy(shelf.server))
        for who in range(learners):
            self._new_profile(who, shelf.disks[who] if self.rng.random() < self.theme.knows_catalog else None)

    def end(self) -> None:
        for profile in self.profiles:
            profile.slot.wire.carry = None

    def _step(self, name: str) -> None:
        self.shop.clock.now += self.rng.choice((1, 5, 1000, 60_000, DAY_MS))
        self.note(name)
        self._acts[name]()
        self._check_all()

    def _is_troubled(self, chance: float) -> bool:
        """Whether something that can go wrong does, as far as this theme is about such things."""
        return self.rng.random() < chance * self.theme.trouble

    def note(self, *words: object) -> None:
        self.log.append("  " * self.depth + " ".join(map(str, words)))

    # Laptops

    def _new_profile(self, who: int | None, disk: Disk | None = None) -> None:
        if len(self.profiles) == len(self.shop.slots):
            return
        profile = Profile(self.shop.slots[len(self.profiles)], who, self.shop.clock)
        profile.load(disk or self.shop.fresh[who])
        profile.slot.wire.carry = partial(self.carry, profile)
        self.profiles.append(profile)
        if self.rng.random() < 0.15:
            self._turn_clock(profile)
        self.note("profile", len(self.profiles) - 1, "of", who)

    def _another_laptop(self) -> None:
        if len(self.profiles) < 4:
            self._new_profile(self.rng.choice(self.profiles).who)

    def _pick(self) -> Profile:
        return self.rng.choice(self.profiles)

    def _copy_disk(self) -> None:
        profile = self._pick()
        self.disks.append(profile.save())
        self.note("of", self.profiles.index(profile))
        if self.rng.random() < 0.5 and len(self.profiles) < 4:
            self._new_profile(profile.who, self.disks[-1])

    def _restore_disk(self) -> None:
        if self.disks:
            profile, disk = self._pick(), self.rng.choice(self.disks)
            self.note("of", self.profiles.index(profile), "is", disk.who)
            profile.load(disk)

    def _turn_clock(self, profile: Profile | None = None) -> None:
        profile = profile or self._pick()
        moment = self.rng.choice(CLOCKS)
        profile.offset = self.rng.choice((0, 26 * 3_600_000, -26 * 3_600_000, moment - self.shop.clock.now))

    # Clicks

    def _enroll(self) -> None:
        self._record(self._pick(), "enroll", self.rng.choice(self.courses).uid)

    def _click(self, profile: Profile | None = None) -> None:
        profile = profile or self._pick()
        lesson = self.rng.choice([uid for course in self.courses for uid in course.lessons])
        waiting = [row[1] for row in Held.look(profile.slot.memory).outbox.values() if row[0] == "start_lesson"]
        kind = self.rng.choice(("start_lesson", "complete_lesson", "complete_lesson"))
        if waiting and self.rng.random() < 0.5:
            kind, lesson = "complete_lesson", waiting[0]
        self._record(profile, kind, lesson)

    def _study(self) -> None:
        profile, course = self._pick(), self.rng.choice(self.courses)
        if course.uid not in Held.look(profile.slot.memory).enrolled:
            self._record(profile, "enroll", course.uid)
        for lesson in course.lessons:
            if self.rng.random() < 0.7:
                self._record(profile, "complete_lesson", lesson)

    def _race(self) -> None:
        """A course closes on the server while a learner who hasn't heard of it takes it up; it may open again."""
        profile, course = self._pick(), self.rng.choice(self.courses)
        close = self.rng.choice((course_actions.unpublish_course, course_actions.delete_course))
        self.note(" ", close.__name__, course.slug)
        self._judged(partial(close, self.server.context, course.slug))
        if self.rng.random() < 0.3:
            self._back_up()
        for kind, target in (("enroll", course.uid), *(("complete_lesson", lesson) for lesson in course.lessons)):
            if self.rng.random() < 0.8:
                self._record(profile, kind, target)
        self._sync(profile)
        if self.rng.random() < 0.4:
            self._judged(partial(course_actions.restore_course, self.server.context, course.slug))
            self._judged(partial(course_actions.publish_course, self.server.context, course.slug))
        if self.rng.random() < 0.3:
            self._restore()

    def _hear_half(self) -> None:
        """A laptop hears of what its learner did elsewhere, and not yet of what else is new; and that is taken back."""
        profile, course = self._pick(), self.rng.choice(self.courses)
        if profile.who is not None:
            self._enroll_by_admin(course, profile.who)
        self._back_up()
        self._judged(partial(course_actions.unpublish_course, self.server.context, course.slug))
        self.fates = ["fine", "lost"]
        self._sync(profile)
        self.fates = None
        self._restore()

    def _finish(self, profile: Profile | None = None, course: Course | None = None) -> None:
        """A learner finishes a course, and the certificate's mail goes; the server may be restored around it."""
        profile, course = profile or self._pick(), course or self.rng.choice(self.courses)
        if self.rng.random() < 0.3:
            self._back_up()
        self._earn(profile, course)
        if self.rng.random() < 0.2:
            # The mail waits in it.
            self._back_up()
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self._post()
            self.shop.clock.now += self.rng.choice((1, 60_000, DAY_MS))
        if self.rng.random() < 0.2:
            self._restore()

    def _earn(self, profile: Profile, course: Course) -> None:
        """All of a course, and a sync."""
        for kind, target in (("enroll", course.uid), *(("complete_lesson", lesson) for lesson in course.lessons)):
            self._record(profile, kind, target)
        self._sync(profile)

    def _overtake(self) -> None:
        """A lesson is started, and finished while the server hears of the start."""
        profile, course = self._pick(), self.rng.choice(self.courses)
        held = Held.look(profile.slot.memory)
        if course.uid not in held.enrolled:
            self._record(profile, "enroll", course.uid)
        open_ones = [lesson for lesson in course.lessons if lesson not in held.completed]
        lesson = self.rng.choice(open_ones or course.lessons)
        self._record(profile, "start_lesson", lesson)
        self.interjection = lambda: self._record(profile, "complete_lesson", lesson)
        self._sync(profile)
        self.interjection = None

    def _repeat(self) -> None:
        """What stood between a learner and the certificate is removed, and an old request comes again."""
        if self.rng.random() < 0.5:
            self._study()
            self._sync()
        sent = [one for one in self.sent if any(row["kind"] == "complete_lesson" for row in one.asked["commands"])]
        if not sent:
            return
        request = self.rng.choice(sent)
        asked = request.asked
        lesson = next(row["lesson"] for row in asked["commands"] if row["kind"] == "complete_lesson")
        done = Eye.look(self.server.memory).done
        course = next(course for course in self.courses if lesson in course.lessons)
        for other in course.lessons:
            if (asked["user"], other) not in done:
                self._judged(partial(course_actions.remove_lesson, self.server.context, other))
        self.deliver(request, None)

    def _record(self, profile: Profile, kind: str, target: str) -> None:
        if profile.who is None and not self._enter(profile):
            return
        store = profile.store
        click = {"enroll": store.enroll, "start_lesson": store.start, "complete_lesson": store.complete}[kind]
        is_crash = not self.quiet and self.crashing is None and self._is_troubled(0.05)
        self.note(self.profiles.index(profile), kind, target[:4], "crash" if is_crash else "")
        if is_crash:
            profile.slot.memory.crash_after(self.rng.randrange(12))
        try:
            profile.made[click(target)] = kind, target
        except Refused as refused:
            self.note(" refused", refused.code)
        except Crash:
            self.note(" crashed")
        if is_crash:
            self._boot(profile)

    def _enter(self, profile: Profile) -> bool:
        """A guest who wants to keep work signs in first, and comes back to it; the guest's own profile stays."""
        if self.depth or self.crashing is profile:
            return False
        self.disks.append(profile.save())
        who = self.rng.randrange(len(PEOPLE))
        self.note(" guest signs in as", who)
        profile.load(self.shop.fresh[who])
        return True

    def _boot(self, profile: Profile) -> None:
        """After a crash: what is on the disk is all there is. A command may be there that nobody was told of."""
        profile.slot.memory.crash_after(None)
        profile.slot.close()
        profile.slot.open(profile.now)
        for command_id, (kind, target, _) in Held.look(profile.slot.memory).outbox.items():
            if kind != "keep_certificate":
                profile.made.setdefault(command_id, (kind, target))

    # Syncs

    def _sync(self, profile: Profile | None = None) -> None:
        profile = profile or self._pick()
        is_crash = self.crashing is None and self._is_troubled(0.08)
        self.note("of", self.profiles.index(profile), "crash" if is_crash else "")
        if is_crash:
            profile.slot.memory.crash_after(self.rng.randrange(50))
            self.crashing = profile
        try:
            self.sync(profile, self.limit)
        except Trouble as trouble:
            self.note(" ", type(trouble).__name__)
        except Crash:
            self.note("  crashed")
        finally:
            if is_crash:
                self.crashing = None
                self._boot(profile)

    def sync(self, profile: Profile, limit: int, token: str | None = None):
        """A sync, with the learner's own token if no other is given. Raises Trouble."""
        profile.slot.wire.token = token or (None if profile.who is None else self.tokens[profile.who])
        self._syncing.append(profile)
        try:
            return profile.session(limit).run()
        finally:
            self._syncing.pop()

    @contextmanager
    def watched(self):
        """The digests are an alarm and no mechanism: it must never ring. And only true answers are taken in."""
        settle = Store.settle

        def ring(_store: Store) -> None:
            raise Violation("the digests disagree after a finished sync")

        def watch(store: Store, carried, answer):
            must(answer.request_id in self.made_answers, "an answer to another request was taken")
            true = self.made_answers[answer.request_id]
            must(answer in [read_answer(body) for body in true], "an answer was taken that the server didn't give")
            settled = settle(store, carried, answer)
            if settled is not None:
                self._syncing[-1].acked.update(_told(self._syncing[-1], answer.changes, settled.dropped))
            return settled

        with Instead(Store, "ask_for_everything", ring), Instead(Store, "settle", watch):
            yield

    def _sync_as_another(self) -> None:
        """A token of somebody else got into this profile: nothing may be applied."""
        profile = self._pick()
        before = self._facts()
        self.depth += 1
        try:
            self.sync(profile, self.limit, self.tokens[((profile.who or 0) + 1) % len(PEOPLE)])
        except Trouble as trouble:
            self.note(" ", type(trouble).__name__)
        else:
            raise Violation("I10: another learner's token was taken")
        finally:
            self.depth -= 1
            must(self._facts() == before, "I10: something was applied with another's token")

    def _forge(self) -> None:
        """Certificates that the server never signed, or signed for another learner, are nobody's."""
        who = self.rng.randrange(len(PEOPLE))
        if self.rng.random() < 0.4:
            self._forge_as_guest(who)
            return
        payloads = self.server.memory.all(
            "SELECT t.payload, u.uid FROM certificates t JOIN users u ON u.id = t.user_id"
        )
        others = [payload for payload, user in payloads if user != self.shop.uids[who]]
        course = self.rng.choice(self.courses)
        made = [self.shop.forged(self.shop.uids[who], course.uid, course.slug, self.shop.clock.now - 9)]
        before = self._facts()
        self.deliver(self._request(who, [self._keep(payload) for payload in made + others[:1]]), None, is_genuine=False)
        must(self._facts() == before, "a forged certificate was taken")

    def _forge_as_guest(self, who: int) -> None:
        """Work that comes without a token is nobody's, whomever it names."""
        course = self.rng.choice(self.courses)
        signed = self._request(who, [command("enroll", course.uid), command("complete_lesson", course.lessons[0])])
        envelope = json.loads(signed.body) | self.rng.choice(({}, {"user": None}))
        before = self._facts()
        request = Request("/sync", json.dumps(envelope).encode(), {"Content-Type": "application/json"})
        must(self.deliver(request, None, is_genuine=False).status == 401, "a guest's work was answered")
        must(self._facts() == before, "a guest's work was taken")

    def _keep(self, payload: str) -> dict:
        return {"id": certificate_command_id(payload), "kind": "keep_certificate", "payload": payload}

    def _request(self, who: int, commands: list) -> Request:
        self.tokens[who] = self.server.sign_in(who)
        envelope = {"v": 1, "request_id": new_uuid4(), "server_id": IDENTITY.server_id, "user": self.shop.uids[who]}
        envelope |= {"sent_at": to_wire(self.shop.clock.now), "commands": commands}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.tokens[who]}"}
        return Request("/sync", json.dumps(envelope).encode(), headers)

    def _facts(self) -> list:
        tables = ("enrollments", "lesson_progress", "certificates", "receipts", "parked", "jobs", "streams")
        return [self.server.memory.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    # The way of a request

    def carry(self, profile: Profile, request: Request) -> Reply:
        """What the network does with one request; raises httpx errors."""
        if self.quiet or self.depth > 1:
            return self.deliver(request, profile)
        fate = self._fate() if not self.fates else self.fates.pop(0) if len(self.fates) > 1 else self.fates[0]
        if fate != "fine":
            self.note(" ", fate)
        self._meanwhile(profile)
        if fate in {"lost", "delayed"}:
            if fate == "delayed":
                self.late.append(request)
            raise broken()
        if fate == "server crash":
            self.server.memory.crash_after(self.rng.randrange(40))
        reply = self.deliver(request, profile)
        if self.interjection is not None and self.crashing is None:
            interjection, self.interjection = self.interjection, None
            interjection()
        if fate == "twice":
            reply = self.rng.choice((reply, self.deliver(request, profile)))
        self._meanwhile(profile)
        return twisted(fate, reply, self.rng, self.answers)

    def _fate(self) -> str:
        return self.rng.choices(*FATES)[0] if self._is_troubled(1.0) else "fine"

    def _meanwhile(self, profile: Profile) -> None:
        """Things happen while a request is on its way."""
        if self.depth or self.rng.random() >= self.theme.meanwhile:
            return
        draw = self.rng.random() * 0.22
        self.depth += 1
        self.note("meanwhile")
        try:
            if draw < 0.06 and self.crashing is None:
                self._click(profile)
            elif draw < 0.10:
                self._admin()
            elif draw < 0.15 and self.crashing is None:
                self._sync(profile)
            elif draw < 0.17:
                self._restore()
            elif self.crashing is None:
                self._sync(self._pick())
        finally:
            self.depth -= 1

    def deliver(self, request: Request, profile: Profile | None, *, is_genuine: bool = True) -> Reply:
        """One request reaches the server; its effects are judged."""
        asked = request.asked
        before, is_suspect = Eye.look(self.server.memory), self.post.suspects(asked)
        reply = self.server.call(request)
        self.server.memory.crash_after(None)
        after = Eye.look(self.server.memory)
        must(reply.status in {200, 500} or before == after, "a refused request changed something", reply.status)
        # A server that lost power before it committed has accepted nothing, whatever it knew already.
        accepted = set() if reply.status == 500 and before == after else self._accepted(asked, reply)
        if profile is not None and reply.status == 200:
            profile.acked |= accepted
        if is_suspect:
            self._told_of_loss(asked, reply)
        if after is not before or accepted:
            judge(self.server.memory, before, after, occasion(asked, accepted), asked["user"] or "nobody")
            check_server(self.server.memory, self.shop.clock.now)
        if not is_genuine:
            return reply
        if reply.status == 200:
            self.made_answers.setdefault(asked["request_id"], []).append(reply.decoded)
        self.sent.append(request)
        if reply.status == 200:
            self.answers.append(reply)
        return reply

    def _told_of_loss(self, asked: dict, reply: Reply) -> None:
        if reply.status == 200 and not all(reply.answer["known"].values()):
            self.note("  history was lost, says", asked["user"][:4])
            self.post.heard_of(asked["user"])

    def _accepted(self, asked: dict, reply: Reply) -> set[str]:
        """The ids of the commands that this request brought and the server accepted."""
        if reply.status == 200:
            results = reply.answer["results"]
            must([row.get("id") for row in results] == [row["id"] for row in asked["commands"]], "a result is missing")
            return {
                row["id"] for row in results if row["outcome"] in {"applied", "duplicate"} and row["code"] in ACCEPTED
            }
        if reply.status != 500:
            # Refused, whatever it brought: a disabled account's old work is no event.
            return set()
        # The server may have lost power after the commit.
        known = dict(self.server.memory.all("SELECT command_id, code FROM receipts"))
        return {row["id"] for row in asked["commands"] if known.get(row["id"]) in ACCEPTED}

    def _deliver_late(self) -> None:
        if self.late:
            self.deliver(self.late.pop(self.rng.randrange(len(self.late))), None)
        elif self.sent:
            self.deliver(self.rng.choice(self.sent), None)

    # The server's side

    def _new_course(self) -> None:
        index = len(self.courses)
        count = self.rng.choice((1, 2, 2, 3))
        course = Course(new_uuid4(), f"course-{index}", [new_uuid4() for _ in range(count)])
        self.server.keep_course(course)
        self.courses.append(course)

    def _admin(self) -> None:
        course = self.rng.choice(self.courses)
        lesson = self.rng.choice(course.lessons)
        context = self.server.context
        deeds = (
            (2, "add lesson", lambda: self._add_lesson(course)),
            (3, "remove lesson", lambda: course_actions.remove_lesson(context, lesson)),
            (3, "restore lesson", lambda: course_actions.restore_lesson(context, lesson)),
            (3, "unpublish", lambda: course_actions.unpublish_course(context, course.slug)),
            (3, "publish", lambda: course_actions.publish_course(context, course.slug)),
            (2, "delete", lambda: course_actions.delete_course(context, course.slug)),
            (2, "restore course", lambda: course_actions.restore_course(context, course.slug)),
            (1, "import again", lambda: self.server.keep_course(course)),
            (1, "new course", self._new_course if len(self.courses) < 3 else lambda: None),
            (1, "disable", lambda: disable_user(context, self.rng.choice(PEOPLE)[0])),
            (1, "sign in", self._sign_in),
            (1, "send again", self.post.resend),
            (1, "release", self.post.release),
        )
        _, name, act = self.rng.choices(deeds, [deed[0] for deed in deeds])[0]
        self.note(" ", name, course.slug, lesson[:4])
        self._judged(act)
        if self.rng.random() < 0.15:
            self._enroll_by_admin(course, self.rng.randrange(len(PEOPLE)))

    def _judged(self, act) -> None:
        before = Eye.look(self.server.memory)
        try:
            act()
        except ServerRefused as refused:
            self.note("  refused", refused.code)
        judge(self.server.memory, before, Eye.look(self.server.memory), Happened(), None)

    def _enroll_by_admin(self, course: Course, who: int) -> None:
        self.note("  admin enrolls", who, course.slug)
        learner = self._learner(who)
        self._judged(lambda: enroll_user(self.server.context, learner, course.slug))

    def _learner(self, who: int) -> Learner:
        self.tokens[who] = self.server.sign_in(who)
        row = self.server.memory.all("SELECT id, uid, name, email FROM users WHERE email = ?", PEOPLE[who][0])[0]
        return Learner(*row)

    def _add_lesson(self, course: Course) -> None:
        if len(course.lessons) < 5:
            course.lessons.append(new_uuid4())
            self.server.keep_course(course)

    def _sign_in(self) -> None:
        who = self.rng.randrange(len(PEOPLE))
        self.tokens[who] = self.server.sign_in(who)

    def _sweep(self) -> None:
        self._judged(lambda: sweep(self.server.context))
        check_swept(self.server.memory)

    def _post(self) -> None:
        """A worker does what is due; it may lose power at any statement."""
        if self.rng.random() < 0.2:
            self.note("  crash")
            self.server.memory.crash_after(self.rng.randrange(40))
        self.post.work()
        self.server.memory.crash_after(None)
        self.post.check()
        check_server(self.server.memory, self.shop.clock.now)

    def _lose_journal(self) -> None:
        """The journal is gone, and then another mail is due."""
        self.post.lose_journal()
        profile = self._pick()
        if profile.who is not None and self.rng.random() < 0.6:
            if len(self.courses) < 3:
                self._new_course()
                self._sync(profile)
            self._finish(profile, self.courses[-1])

    def _close(self) -> None:
        """A course is there for its learners alone from now on."""
        course = self.rng.choice(self.courses)
        self._enroll_by_admin(course, self.rng.randrange(2))
        self._judged(partial(course_actions.unpublish_course, self.server.context, course.slug))

    def _back_up(self) -> None:
        self.backups.append(self.post.save())

    def _restore(self) -> None:
        copy = self.backups[-1] if self.rng.random() < 0.5 else self.rng.choice(self.backups)
        if self.rng.random() < 0.6:
            self._restore_said_so(copy)
        else:
            self.post.roll_back(copy)
            self.note("  rolled back unnoticed")

    def _restore_said_so(self, copy: Copy, *, is_new: bool = False) -> None:
        self.post.restore(copy, is_new=is_new)
        self.note("  restored")

    def _move(self) -> None:
        """The server goes to a new machine, by its last backup; then an older one may be put in."""
        if self.rng.random() < 0.5:
            self._back_up()
        self.post.lose_journal()
        self._restore_said_so(self.backups[-1], is_new=True)
        if self.rng.random() < 0.5:
            self._restore_said_so(self.rng.choice(self.backups))
        self._sync()
        self._post()

    def _relapse(self) -> None:
        """A mail may go while a backup is made, or after; the server falls back behind it, and the backup is put in."""
        self._earn(self._pick(), self.rng.choice(self.courses))
        self._back_up()
        if self.rng.random() < 0.5:
            self._post()
        self.post.roll_back(self.rng.choice(self.backups[:-1]))
        self._restore_said_so(self.backups[-1])
        self._post()

    def _fall_twice(self) -> None:
        """The server falls behind a mail that went, journal and all; a laptop tells; then an old backup is put in."""
        profile = self._pick()
        self._back_up()
        copy = self.backups[-1]
        self._earn(profile, self.rng.choice(self.courses))
        self._post()
        self.post.roll_back(copy)
        # It may get no further than telling.
        self.fates = self.rng.choice((None, ["fine", "lost"]))
        self._sync(profile)
        self.fates = None
        self._restore_said_so(copy)
        self._sync(profile)
        self._post()

    def _restore_without_the_journal(self) -> None:
        """A mail goes, the journal is lost, and a backup of the time before is put in on the same machine."""
        profile = self._pick()
        self._back_up()
        self._earn(profile, self.rng.choice(self.courses))
        self._post()
        self.post.lose_journal()
        self._restore_said_so(self.backups[-1])
        self._sync(profile)
        self._post()

    def _have_no_courses(self) -> None:
        """The server falls back before its first course; then to a time without a lesson that was studied."""
        profile, course = self._pick(), self.rng.choice(self.courses)
        copy = self.rng.choice(self.backups)
        self._add_lesson(course)
        self._sync(profile)
        self._record(profile, "enroll", course.uid)
        self._record(profile, "complete_lesson", course.lessons[-1])
        self._sync(profile)
        for older in (self.post.copy(self.shop.server_content), copy):
            self.post.roll_back(older)
            self._sync(profile)

    # Checks

    def _check_all(self) -> None:
        for profile in self.profiles:
            check_profile(profile)

    def _calm_down(self) -> None:
        """Everybody online, nothing breaks: what was held is on the server, and all agree."""
        self.quiet = True
        self.note("calm")
        for request in self.late:
            if self.rng.random() < 0.5:
                self.deliver(request, None)
        if self.rng.random() < 0.5:
            self._mend()
        for who in {profile.who for profile in self.profiles} - {None}:
            self.tokens[who] = self.server.signed_in(who, self.tokens[who])
        for profile in self.profiles:
            held, user = Held.look(profile.slot.memory), self._user(profile)
            self.sync(profile, 2000)
            check_arrived(self.server.memory, user, held)
            check_profile(profile)
        self._sweep()
        # Jobs have no say in what laptops and server hold; where the post is no theme, they are done now and then.
        if self.theme.is_posted or self.rng.random() < 0.2:
            self.post.calm_down()
        self._come_to_rest()
        for profile in self.profiles:
            check_profile(profile)
            check_same(self.server.memory, profile, self._user(profile))
        if self.rng.random() < 0.5:
            self._replay()
            self.post.check()

    def _come_to_rest(self) -> None:
        """Everybody who may have missed something once more, until nothing moves."""
        for is_last in (False, True):
            asking = [profile for profile in self.profiles if self._has_news(profile) or self.rng.random() < 0.1]
            reports = [self.sync(profile, 2000) for profile in asking]
            for profile, report in zip(asking, reports, strict=True):
                must(report.digests_agree or profile.who is None, "I9: the digests disagree")
            moved = [report for report in reports if (report.sent, report.received) != (0, 0)]
            must(not moved or not is_last, "I9: it doesn't come to rest", moved)

    def _has_news(self, profile: Profile) -> bool:
        """Whether the server's streams went on since this laptop's last answer. What it holds is compared anyway."""
        [told] = profile.slot.memory.all("SELECT after_catalog, after_me FROM profile")
        there = dict(self.server.memory.all("SELECT stream, revision FROM streams"))
        wanted = [there[anchors.CATALOG], *([there[self._user(profile)]] if profile.who is not None else [])]
        pairs = zip(told, wanted, strict=False)
        return any(text is None or read_anchor(text).revision != revision for text, revision in pairs)

    def _user(self, profile: Profile) -> str | None:
        return None if profile.who is None else self.shop.uids[profile.who]

    def _mend(self) -> None:
        self.note("mend")
        for course in self.courses:
            self._judged(partial(self.server.keep_course, course))
            self._judged(partial(course_actions.restore_course, self.server.context, course.slug))
            self._judged(partial(course_actions.publish_course, self.server.context, course.slug))

    def _replay(self) -> None:
        """I7: everything that was ever sent comes again, and changes nothing that the server knows."""
        known = set(self.server.memory.column("SELECT command_id FROM receipts"))
        before = self._known_facts()
        for request in self.rng.sample(self.sent, min(len(self.sent), 2)):
            commands = request.asked["commands"]
            if commands and all(command["id"] in known for command in commands):
                self.deliver(request, None)
        must(self._known_facts() == before, "I7: a replay changed something")

    def _known_facts(self) -> list:
        tables = ("enrollments", "lesson_progress", "receipts", "parked")
        return [self.server.memory.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def _told(profile: Profile, changes, dropped) -> set[str]:
    """Those of these commands whose fact this answer brings: what waits on top may hide it at once."""
    told = {row.lesson for row in changes.progress} | {row.course for row in changes.enrollments}
    return {command_id for command_id in dropped if profile.made.get(command_id, ("", ""))[1] in told}


@contextmanager
def workshop(address: str | None = None):
    """A shop in the fastest folder there is, and quiet logs: crashes are wanted here.

    Its server has its database in memory, or on the PostgreSQL server at this address.
    """
    base = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # tmpfs where there is one
    with tempfile.TemporaryDirectory(prefix="lms-machine-", dir=base) as folder, ExitStack() as stack:
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(Instead(anchors, "ROWS_A_REVISION", anchors.ROWS_A_REVISION))
        with seeded(Random("workshop"), Clock()):
            shop = Shop(Path(folder), address)
        stack.callback(shop.close)
        yield shop


@contextmanager
def prepared(machine: Machine):
    """The world of one schedule: seeded ids, databases in memory, and pages as small as the seed wants them."""
    rows = machine.rng.choice(machine.theme.page_rows)
    with (
        seeded(Random(machine.seed ^ 0x5EED), machine.shop.clock),
        machine.shop.opening,
        posted(machine.post),
        machine.watched(),
        # Two megabytes of reserve for each laptop are another test's business.
        Instead(ballast, "take_on", lambda _folder: None),
        Instead(changes, "Budget", partial(changes.Budget, rows)),
        Instead(changes, "_FETCH", rows + 500),
    ):
        yield


def run_schedule(shop: Shop, seed: int, *, is_long: bool = False) -> Machine:
    """Run one schedule; raises Violation, with what broke, its story, and the command that runs it again."""
    machine = Machine(shop, seed, is_long=is_long)
    with prepared(machine):
        try:
            machine.run()
        except Exception as error:
            story = "\n".join(machine.log)
            call = f"python -m tests.long.machine --seed {seed}{' --long' if is_long else ''}"
            raise Violation(f"{error!r}\n{story}\n{call}") from error
    return machine
