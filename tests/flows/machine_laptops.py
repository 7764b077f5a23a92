"""What happens on the machine's laptops: clicks, syncs, crashes, copied disks, clocks that are wrong."""

from functools import partial

from lms_desktop.store.errors import Refused
from lms_desktop.sync.errors import Trouble
from lms_desktop.sync.session import Report
from tests.flows.machine_checks import Held
from tests.flows.machine_memory import Crash
from tests.flows.machine_network import Network
from tests.flows.machine_scene import Scene
from tests.flows.machine_world import PEOPLE, Disk, Profile

# 1970, 2000, 2038, 2106, and clocks in the wrong zone.
CLOCKS = (0, 946_684_800_000, 2_147_483_648_000, 4_294_967_296_000)


class Laptops:
    """The learners and guests, each at a laptop."""

    def __init__(self, scene: Scene, network: Network) -> None:
        self.scene, self.rng, self.note = scene, scene.rng, scene.note
        self.network = network

    # Profiles

    def add(self, who: int | None, disk: Disk | None = None) -> None:
        """One laptop more, if there is room, of this learner or of a guest; new, or with what this disk holds."""
        scene = self.scene
        if len(scene.profiles) == len(scene.shop.slots):
            return
        profile = Profile(scene.shop.slots[len(scene.profiles)], who, scene.shop.clock)
        profile.load(disk or scene.shop.fresh[who])
        profile.slot.wire.carry = partial(self.network.carry, profile)
        scene.profiles.append(profile)
        if self.rng.random() < 0.15:
            self.turn_clock(profile)
        self.note("profile", len(scene.profiles) - 1, "of", who)

    def add_another(self) -> None:
        """Somebody takes up a second laptop."""
        if len(self.scene.profiles) < 4:
            self.add(self.scene.pick().who)

    def copy_disk(self) -> None:
        """A backup of a laptop; it may be a clone at once."""
        scene, profile = self.scene, self.scene.pick()
        scene.disks.append(profile.save())
        self.note("of", scene.profiles.index(profile))
        if self.rng.random() < 0.5 and len(scene.profiles) < 4:
            self.add(profile.who, scene.disks[-1])

    def restore_disk(self) -> None:
        """Some laptop becomes what some disk holds."""
        scene = self.scene
        if scene.disks:
            profile, disk = scene.pick(), self.rng.choice(scene.disks)
            self.note("of", scene.profiles.index(profile), "is", disk.who)
            profile.load(disk)

    def turn_clock(self, profile: Profile | None = None) -> None:
        profile = profile or self.scene.pick()
        moment = self.rng.choice(CLOCKS)
        profile.offset = self.rng.choice((0, 26 * 3_600_000, -26 * 3_600_000, moment - self.scene.shop.clock.now))

    # Clicks

    def enroll(self) -> None:
        self.record(self.scene.pick(), "enroll", self.rng.choice(self.scene.courses).uid)

    def click(self, profile: Profile | None = None) -> None:
        """A lesson is started or finished; rather one whose start isn't sent yet."""
        profile = profile or self.scene.pick()
        lesson = self.rng.choice([uid for course in self.scene.courses for uid in course.lessons])
        waiting = [row[1] for row in Held.look(profile.slot.memory).outbox.values() if row[0] == "start_lesson"]
        kind = self.rng.choice(("start_lesson", "complete_lesson", "complete_lesson"))
        if waiting and self.rng.random() < 0.5:
            kind, lesson = "complete_lesson", waiting[0]
        self.record(profile, kind, lesson)

    def study(self) -> None:
        """Most of a course at one go."""
        profile, course = self.scene.pick(), self.rng.choice(self.scene.courses)
        if course.uid not in Held.look(profile.slot.memory).enrolled:
            self.record(profile, "enroll", course.uid)
        for lesson in course.lessons:
            if self.rng.random() < 0.7:
                self.record(profile, "complete_lesson", lesson)

    def record(self, profile: Profile, kind: str, target: str) -> None:
        """One click; the laptop may lose power at it."""
        scene = self.scene
        if profile.who is None and not self._enter(profile):
            return
        store = profile.store
        click = {"enroll": store.enroll, "start_lesson": store.start, "complete_lesson": store.complete}[kind]
        is_crash = not scene.quiet and scene.crashing is None and scene.is_troubled(0.05)
        self.note(scene.profiles.index(profile), kind, target[:4], "crash" if is_crash else "")
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
        scene = self.scene
        if scene.depth or scene.crashing is profile:
            return False
        scene.disks.append(profile.save())
        who = self.rng.randrange(len(PEOPLE))
        self.note(" guest signs in as", who)
        profile.load(scene.shop.fresh[who])
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

    def sync(self, profile: Profile | None = None) -> None:
        """A sync that may fail, at which the laptop may lose power."""
        scene = self.scene
        profile = profile or scene.pick()
        is_crash = scene.crashing is None and scene.is_troubled(0.08)
        self.note("of", scene.profiles.index(profile), "crash" if is_crash else "")
        if is_crash:
            profile.slot.memory.crash_after(self.rng.randrange(50))
            scene.crashing = profile
        try:
            self.exchange(profile, scene.limit)
        except Trouble as trouble:
            self.note(" ", type(trouble).__name__)
        except Crash:
            self.note("  crashed")
        finally:
            if is_crash:
                scene.crashing = None
                self._boot(profile)

    def exchange(self, profile: Profile, limit: int, token: str | None = None) -> Report:
        """A sync and what came of it, with the learner's own token if no other is given. Raises Trouble."""
        scene = self.scene
        profile.slot.wire.token = token or (None if profile.who is None else scene.tokens[profile.who])
        scene.syncing.append(profile)
        try:
            return profile.session(limit).run()
        finally:
            scene.syncing.pop()
