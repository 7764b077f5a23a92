"""Random schedules against the real server and real laptops: one seed, one schedule, all invariants."""

import json
import logging
import os
import tempfile
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from lms_desktop.store import ballast
from lms_desktop.store.errors import Refused
from lms_desktop.store.store import Store
from lms_desktop.sync.errors import Trouble
from lms_server.actions import courses as course_actions
from lms_server.actions.refusals import Refused as ServerRefused
from lms_server.actions.users import disable_user
from lms_server.contract import anchors
from lms_server.contract.ids import new_uuid4
from lms_server.contract.times import to_wire
from lms_server.contract.wire import certificate_command_id, read_answer
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
from tests.flows.machine_memory import Crash, seeded
from tests.flows.machine_smtp import posted
from tests.flows.machine_wire import FATES, broken, decoded, occasion, twisted
from tests.flows.machine_world import IDENTITY, PEOPLE, Disk, Profile, Reply, Request, Shop
from tests.world import Course, command

DAY_MS = 86_400_000
# 1970, 2000, 2038, 2106, and clocks in the wrong zone.
CLOCKS = (0, 946_684_800_000, 2_147_483_648_000, 4_294_967_296_000)


class Machine:
    """One schedule. ``log`` tells what was done, for whoever reads a failure."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.server, self.seed = shop, shop.server, seed
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
        self.interjection = None
        self.quiet = False
        self.depth = 0
        self.crashing: Profile | None = None

    # The schedule

    def run(self) -> None:
        """The whole schedule; raises Violation."""
        try:
            self.begin(self.rng.choice((1, 1, 2, 3)))
            for _ in range(self.rng.randint(3, 18)):
                self._step()
            self._calm_down()
        finally:
            self.end()

    def begin(self, learners: int) -> None:
        """A new server with courses, and a laptop for each learner."""
        self.shop.clock.now = 1_795_000_000_000
        self.server.memory.crash_after(None)
        self.server.memory.load(self.shop.server_content)
        self.tokens = list(self.shop.tokens)
        self._settings()
        for _ in range(self.rng.randint(1, 2)):
            self._new_course()
        self._back_up()
        for who in range(learners):
            self._new_profile(who)

    def end(self) -> None:
        for profile in self.profiles:
            profile.close()
            profile.slot.wire.carry = None

    def _settings(self) -> None:
        rng = self.rng
        self.limit = rng.choice((1, 2, 3, 2000))
        anchors.ROWS_A_REVISION = rng.choice((1, 2, 500))

    def _step(self) -> None:
        rng = self.rng
        self.shop.clock.now += rng.choice((1, 5, 1000, 60_000, DAY_MS))
        name, act = rng.choices(*self._acts())[0]
        self.note(name)
        act()
        self._check_all()

    def _acts(self):
        table = (
            (22, "study", self._study),
            (6, "enroll", self._enroll),
            (10, "click", self._click),
            (26, "sync", self._sync),
            (2, "sync as another", self._sync_as_another),
            (2, "forgery", self._forge),
            (3, "late", self._deliver_late),
            (2, "sweep", self._sweep),
            (8, "admin", self._admin),
            (7, "race", self._race),
            (4, "overtake", self._overtake),
            (3, "repeat", self._repeat),
            (4, "server backup", self._back_up),
            (5, "server restore", self._restore),
            (3, "disk copy", self._copy_disk),
            (3, "disk restore", self._restore_disk),
            (2, "clock", self._turn_clock),
            (2, "another laptop", self._another_laptop),
            (12, "finish", self._finish),
            (6, "post", self._post),
            (3, "move", self._move),
            (1, "lose the journal", self.post.lose_journal),
            (2, "guest", lambda: self._new_profile(None)),
        )
        return [row[1:] for row in table], [row[0] for row in table]

    def note(self, *words: object) -> None:
        self.log.append("  " * self.depth + " ".join(map(str, words)))

    # Laptops

    def _new_profile(self, who: int | None, disk: Disk | None = None) -> None:
        if len(self.profiles) == len(self.shop.slots):
            return
        profile = Profile(self.shop.slots[len(self.profiles)], who, self.shop.clock)
        profile.load(disk or self._fresh(who))
        profile.slot.wire.carry = partial(self.carry, profile)
        self.profiles.append(profile)
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

    def _turn_clock(self) -> None:
        profile = self._pick()
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

    def _finish(self) -> None:
        """A learner finishes a course, and the certificate's mail goes; the server may be restored around it."""
        profile, course = self._pick(), self.rng.choice(self.courses)
        if self.rng.random() < 0.3:
            self._back_up()
        for kind, target in (("enroll", course.uid), *(("complete_lesson", lesson) for lesson in course.lessons)):
            self._record(profile, kind, target)
        self._sync(profile)
        if self.rng.random() < 0.2:
            # The mail waits in it.
            self._back_up()
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self._post()
            self.shop.clock.now += self.rng.choice((1, 60_000, DAY_MS))
        if self.rng.random() < 0.2:
            self._restore()

    def _overtake(self) -> None:
        """A lesson is started, and finished while the server hears of the start."""
        profile, lesson = self._pick(), self.rng.choice(self.rng.choice(self.courses).lessons)
        self._record(profile, "start_lesson", lesson)
        self.interjection = lambda: self._record(profile, "complete_lesson", lesson)
        self._sync(profile)
        self.interjection = None

    def _repeat(self) -> None:
        """What stood between a learner and the certificate is removed, and an old request comes again."""
        sent = [(request, json.loads(decoded(request.headers, request.body))) for request in self.sent]
        sent = [pair for pair in sent if any(row["kind"] == "complete_lesson" for row in pair[1]["commands"])]
        if not sent:
            return
        request, asked = self.rng.choice(sent)
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
        is_crash = not self.quiet and self.crashing is None and self.rng.random() < 0.05
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
        profile.load(self._fresh(who))
        return True

    def _fresh(self, who: int | None) -> Disk:
        return Disk(who, self.shop.fresh[who], {}, {}, frozenset(), frozenset())

    def _boot(self, profile: Profile) -> None:
        """After a crash: what is on the disk is all there is. A command may be there that nobody was told of."""
        profile.slot.memory.crash_after(None)
        profile.close()
        profile.open()
        for command_id, (kind, target, _) in Held.look(profile.slot.memory).outbox.items():
            if kind != "keep_certificate":
                profile.made.setdefault(command_id, (kind, target))

    # Syncs

    def _sync(self, profile: Profile | None = None) -> None:
        profile = profile or self._pick()
        is_crash = self.crashing is None and self.rng.random() < 0.08
        self.note("of", self.profiles.index(profile), "crash" if is_crash else "")
        if is_crash:
            profile.slot.memory.crash_after(self.rng.randrange(70))
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

    def sync(self, profile: Profile, limit: int):
        """A sync with the learner's own token. Raises Trouble."""
        wire = profile.slot.wire
        wire.token = None if profile.who is None else self.tokens[profile.who]
        session = profile.session(limit)
        with self._watched(profile):
            return session.run()

    @contextmanager
    def _watched(self, profile: Profile):
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
                profile.acked |= _told(profile, answer.changes, settled.dropped)
            return settled

        with patch.object(Store, "ask_for_everything", ring), patch.object(Store, "settle", watch):
            yield

    def _sync_as_another(self) -> None:
        """A token of somebody else got into this profile: nothing may be applied."""
        profile = self._pick()
        other = ((profile.who or 0) + 1) % len(PEOPLE)
        before = self.server.memory.save()
        profile.slot.wire.token = self.tokens[other]
        self.depth += 1
        try:
            with self._watched(profile):
                profile.session(self.limit).run()
        except Trouble as trouble:
            self.note(" ", type(trouble).__name__)
        else:
            raise Violation("I10: another learner's token was taken")
        finally:
            self.depth -= 1
            must(self._facts(before) == self._facts(None), "I10: something was applied with another's token")

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
        before = self._facts(None)
        self.deliver(self._request(who, [self._keep(payload) for payload in made + others[:1]]), None, is_genuine=False)
        must(self._facts(None) == before, "a forged certificate was taken")

    def _forge_as_guest(self, who: int) -> None:
        """Work that comes without a token is nobody's, whomever it names."""
        course = self.rng.choice(self.courses)
        signed = self._request(who, [command("enroll", course.uid), command("complete_lesson", course.lessons[0])])
        envelope = json.loads(signed.body) | self.rng.choice(({}, {"user": None}))
        before = self._facts(None)
        request = Request("/sync", json.dumps(envelope).encode(), {"Content-Type": "application/json"})
        must(self.deliver(request, None, is_genuine=False).status == 401, "a guest's work was answered")
        must(self._facts(None) == before, "a guest's work was taken")

    def _keep(self, payload: str) -> dict:
        return {"id": certificate_command_id(payload), "kind": "keep_certificate", "payload": payload}

    def _request(self, who: int, commands: list) -> Request:
        self.tokens[who] = self.server.sign_in(who)
        envelope = {"v": 1, "request_id": new_uuid4(), "server_id": IDENTITY.server_id, "user": self.shop.uids[who]}
        envelope |= {"sent_at": to_wire(self.shop.clock.now), "commands": commands}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.tokens[who]}"}
        return Request("/sync", json.dumps(envelope).encode(), headers)

    def _facts(self, content: bytes | None) -> list:
        memory = self.shop.spare if content is not None else self.server.memory
        if content is not None:
            memory.load(content)
        tables = ("enrollments", "lesson_progress", "certificates", "receipts", "parked", "jobs", "streams")
        return [memory.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    # The way of a request

    def carry(self, profile: Profile, request: Request) -> Reply:
        """What the network does with one request; raises httpx errors."""
        if self.quiet or self.depth > 1:
            return self.deliver(request, profile)
        fate = self.rng.choices(*FATES)[0] if self.fates is None else self.fates[0]
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

    def _meanwhile(self, profile: Profile) -> None:
        """Things happen while a request is on its way."""
        draw = self.rng.random()
        if draw > 0.22 or self.depth:
            return
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
        asked = json.loads(decoded(request.headers, request.body))
        before, is_suspect = Eye.look(self.server.memory), self.post.suspects(asked)
        reply = self.server.call(request)
        self.server.memory.crash_after(None)
        after = Eye.look(self.server.memory)
        must(reply.status in {200, 500} or before == after, "a refused request changed something", reply.status)
        accepted = self._accepted(asked, reply)
        if profile is not None and reply.status == 200:
            profile.acked |= accepted
        if is_suspect:
            self._told_of_loss(asked, reply)
        judge(self.server.memory, before, after, occasion(asked, accepted), asked["user"] or "nobody")
        check_server(self.server.memory, self.shop.clock.now)
        if not is_genuine:
            return reply
        if reply.status == 200:
            self.made_answers.setdefault(asked["request_id"], []).append(decoded(reply.headers, reply.body))
        self.sent.append(request)
        if reply.status == 200:
            self.answers.append(reply)
        return reply

    def _told_of_loss(self, asked: dict, reply: Reply) -> None:
        if reply.status == 200 and not all(json.loads(decoded(reply.headers, reply.body))["known"].values()):
            self.note("  history was lost, says", asked["user"][:4])
            self.post.heard_of(asked["user"])

    def _accepted(self, asked: dict, reply: Reply) -> set[str]:
        """The ids of the commands that this request brought and the server accepted."""
        if reply.status == 200:
            results = json.loads(decoded(reply.headers, reply.body))["results"]
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
            self._enroll_by_admin(course)

    def _judged(self, act) -> None:
        before = Eye.look(self.server.memory)
        try:
            act()
        except ServerRefused as refused:
            self.note("  refused", refused.code)
        judge(self.server.memory, before, Eye.look(self.server.memory), Happened(), None)

    def _enroll_by_admin(self, course: Course) -> None:
        who = self.rng.randrange(len(PEOPLE))
        self.note("  admin enrolls", who, course.slug)
        learner = self._learner(who)
        self._judged(lambda: enroll_user(self.server.context, learner, course.slug))

    def _learner(self, who: int):
        self.tokens[who] = self.server.sign_in(who)
        row = self.server.memory.all("SELECT id, uid, name, email FROM users WHERE email = ?", PEOPLE[who][0])[0]
        return self.shop.learner(*row)

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
        """The server goes to a new machine, by its last backup; then an older one is put in."""
        if self.rng.random() < 0.7:
            self._back_up()
        self.post.lose_journal()
        self._restore_said_so(self.backups[-1], is_new=True)
        self._restore_said_so(self.rng.choice(self.backups))
        self._sync()
        self._post()

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
        for who in range(len(PEOPLE)):
            self.tokens[who] = self.server.sign_in(who)
        for profile in self.profiles:
            held, user = Held.look(profile.slot.memory), self._user(profile)
            self.sync(profile, self.limit)
            check_arrived(self.server.memory, user, held)
            check_profile(profile)
        self._sweep()
        self.post.calm_down()
        for profile in self.profiles:
            report = self.sync(profile, 2000)
            must(report.digests_agree or profile.who is None, "I9: the digests disagree")
        for profile in self.profiles:
            report = self.sync(profile, 2000)
            must((report.sent, report.received) == (0, 0), "I9: it doesn't come to rest", report)
            check_profile(profile)
            check_same(self.server.memory, profile, self._user(profile))
        self._replay()
        self.post.calm_down()

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
        for request in self.rng.sample(self.sent, min(len(self.sent), 6)):
            asked = json.loads(decoded(request.headers, request.body))
            if asked["commands"] and all(command["id"] in known for command in asked["commands"]):
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
def workshop():
    """A shop in the fastest folder there is, and quiet logs: crashes are wanted here."""
    base = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # tmpfs where there is one
    with tempfile.TemporaryDirectory(prefix="lms-machine-", dir=base) as folder, ExitStack() as stack:
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(patch.object(anchors, "ROWS_A_REVISION", anchors.ROWS_A_REVISION))
        yield Shop(Path(folder))


@contextmanager
def prepared(machine: Machine):
    """The world of one schedule: seeded ids, databases in memory, and pages as small as the seed wants them."""
    rows = Random(machine.seed).choice((1, 2, 5, 2000))
    with (
        seeded(Random(machine.seed ^ 0x5EED), machine.shop.clock),
        machine.shop.opening,
        posted(machine.post),
        # Two megabytes of reserve for each laptop are another test's business.
        patch.object(ballast, "take_on", lambda _folder: None),
        patch.object(changes, "Budget", partial(changes.Budget, rows)),
        patch.object(changes, "_FETCH", rows + 500),
    ):
        yield


def run_schedule(shop: Shop, seed: int) -> Machine:
    """Run one schedule; raises Violation, with what broke, its story, and the command that runs it again."""
    machine = Machine(shop, seed)
    with prepared(machine):
        try:
            machine.run()
        except Exception as error:
            story = "\n".join(machine.log)
            raise Violation(f"{error!r}\n{story}\npython -m tests.long.machine --seed {seed}") from error
    return machine
