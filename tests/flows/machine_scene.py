"""What a schedule has and remembers: its seed, the server and the laptops, what went over the wire, and its story."""

from collections.abc import Callable
from random import Random

from tests.flows.machine_mail import Copy, Post
from tests.flows.machine_themes import SHARES, THEMES
from tests.flows.machine_world import Disk, Profile, Reply, Request, Shop
from tests.world import Course


class Scene:
    """One schedule's. ``log`` tells what was done, for whoever reads a failure."""

    def __init__(self, shop: Shop, seed: int, *, is_long: bool = False) -> None:
        self.shop, self.server, self.seed, self.is_long = shop, shop.server, seed, is_long
        self.rng = Random(seed)
        self.log: list[str] = []
        self.profiles: list[Profile] = []
        self.courses: list[Course] = []
        self.tokens: list[str] = list(shop.tokens)
        # Copies of the server and of laptops, to be put in again.
        self.backups: list[Copy] = []
        self.disks: list[Disk] = []
        # What went over the wire; of each request, by its id, the answers that the server gave.
        self.sent: list[Request] = []
        self.late: list[Request] = []
        self.answers: list[Reply] = []
        self.made_answers: dict[str, list[bytes]] = {}
        self.post = Post(shop.server, self.rng)
        self.post.note = self.note
        # What happens to requests, when somebody else than the seed decides.
        self.fates: list[str] | None = None
        # What a learner does just when the server has answered.
        self.interjection: Callable[[], None] | None = None
        # Nothing breaks any more.
        self.quiet = False
        # How many things are under way at once, the outermost not counted.
        self.depth = 0
        self.syncing: list[Profile] = []
        self.crashing: Profile | None = None
        self.theme = self.rng.choices(THEMES, SHARES)[0]
        # How many commands a request holds.
        self.limit = 0

    def note(self, *words: object) -> None:
        """Tell one thing more."""
        self.log.append("  " * self.depth + " ".join(map(str, words)))

    def is_troubled(self, chance: float) -> bool:
        """Whether something that can go wrong does, as far as this theme is about such things."""
        return self.rng.random() < chance * self.theme.trouble

    def pick(self) -> Profile:
        """Somebody's laptop."""
        return self.rng.choice(self.profiles)

    def user_of(self, profile: Profile) -> str | None:
        """The uid of whose profile this is; None for a guest's."""
        return None if profile.who is None else self.shop.uids[profile.who]
