"""How a schedule ends: nothing breaks any more, everybody syncs, and all that was ever done is where it belongs."""

from functools import partial

from lms_server.contract.anchors import CATALOG, read_anchor
from tests.flows.machine_admin import Admin
from tests.flows.machine_checks import Held, check_arrived, check_profile, check_same, must
from tests.flows.machine_laptops import Laptops
from tests.flows.machine_network import Network
from tests.flows.machine_scene import Scene
from tests.flows.machine_world import Profile

# What a request holds once nothing is in its way.
_COMMANDS = 2000


class Rest:
    """The end of a schedule."""

    def __init__(self, scene: Scene, laptops: Laptops, admin: Admin, network: Network) -> None:
        self.scene, self.rng, self.memory = scene, scene.rng, scene.server.memory
        self.laptops, self.admin, self.network = laptops, admin, network

    def calm_down(self) -> None:
        """Everybody online, nothing breaks: what was held is on the server, and all agree."""
        scene = self.scene
        scene.quiet = True
        scene.note("calm")
        for request in scene.late:
            if self.rng.random() < 0.5:
                self.network.deliver(request, None)
        if self.rng.random() < 0.5:
            self._mend()
        for who in {profile.who for profile in scene.profiles if profile.who is not None}:
            scene.tokens[who] = scene.server.signed_in(who, scene.tokens[who])
        for profile in scene.profiles:
            held, user = Held.look(profile.slot.memory), scene.user_of(profile)
            self.laptops.exchange(profile, _COMMANDS)
            check_arrived(self.memory, user, held)
            check_profile(profile)
        self.admin.sweep()
        # Jobs have no say in what laptops and server hold; where the post is no theme, they are done now and then.
        if scene.theme.is_posted or self.rng.random() < 0.2:
            scene.post.calm_down()
        self._come_to_rest()
        for profile in scene.profiles:
            check_profile(profile)
            check_same(self.memory, profile, scene.user_of(profile))
        if self.rng.random() < 0.5:
            self._replay()
            scene.post.check()

    def _mend(self) -> None:
        """All courses are there again, and open."""
        self.scene.note("mend")
        for course in self.scene.courses:
            self.admin.judged(partial(self.scene.server.keep_course, course))
            self.admin.reopen(course)

    def _come_to_rest(self) -> None:
        """Everybody who may have missed something once more, until nothing moves."""
        for is_last in (False, True):
            asking = [profile for profile in self.scene.profiles if self._has_news(profile) or self.rng.random() < 0.1]
            reports = [self.laptops.exchange(profile, _COMMANDS) for profile in asking]
            for profile, report in zip(asking, reports, strict=True):
                must(report.digests_agree or profile.who is None, "I9: the digests disagree")
            moved = [report for report in reports if (report.sent, report.received) != (0, 0)]
            must(not moved or not is_last, "I9: it doesn't come to rest", moved)

    def _has_news(self, profile: Profile) -> bool:
        """Whether the server's streams went on since this laptop's last answer. What it holds is compared anyway."""
        [told] = profile.slot.memory.all("SELECT after_catalog, after_me FROM profile")
        there = dict(self.memory.all("SELECT stream, revision FROM streams"))
        wanted = [there[CATALOG], *([there[self.scene.user_of(profile)]] if profile.who is not None else [])]
        pairs = zip(told, wanted, strict=False)
        return any(text is None or read_anchor(text).revision != revision for text, revision in pairs)

    def _replay(self) -> None:
        """I7: everything that was ever sent comes again, and changes nothing that the server knows."""
        sent = self.scene.sent
        known = set(self.memory.column("SELECT command_id FROM receipts"))
        before = self._known_facts()
        for request in self.rng.sample(sent, min(len(sent), 2)):
            commands = request.asked["commands"]
            if commands and all(command["id"] in known for command in commands):
                self.network.deliver(request, None)
        must(self._known_facts() == before, "I7: a replay changed something")

    def _known_facts(self) -> list:
        tables = ("enrollments", "lesson_progress", "receipts", "parked")
        return [self.memory.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables]
