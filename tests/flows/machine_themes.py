"""What a schedule is about. A few steps on one theme meet each other sooner than many steps about everything."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

# How often each step is taken where a theme doesn't say otherwise.
_EVERYTHING = {
    "study": 22,
    "enroll": 6,
    "click": 10,
    "sync": 26,
    "sync as another": 2,
    "forgery": 2,
    "late": 3,
    "sweep": 2,
    "admin": 8,
    "race": 7,
    "overtake": 4,
    "half heard": 1,
    "repeat": 3,
    "server backup": 4,
    "server restore": 5,
    "disk copy": 3,
    "disk restore": 3,
    "clock": 2,
    "another laptop": 2,
    "finish": 12,
    "post": 6,
    "move": 3,
    "relapse": 1,
    "fall twice": 1,
    "restore without the journal": 1,
    "no courses": 1,
    "lose the journal": 1,
    "guest": 2,
}


@dataclass(frozen=True)
class Theme:
    """``trouble``: how much of what can happen to requests and clicks does; ``learners``: a draw of how many.

    ``meanwhile``: how often something happens while a request is under way.
    """

    acts: dict[str, int]
    trouble: float = 0.3
    meanwhile: float = 0.07
    learners: tuple[int, ...] = (1,)
    begins_with: tuple[str, ...] = ()
    is_posted: bool = False
    # How many rows a page holds, a request commands, and how often a laptop begins with the catalog in it.
    page_rows: tuple[int, ...] = (2, 2000, 2000, 2000)
    commands: tuple[int, ...] = (2, 2000, 2000, 2000)
    knows_catalog: float = 0.8

    @cached_property
    def draw(self) -> tuple[list[str], list[int]]:
        """The names of the steps, and how often each is taken."""
        return list(self.acts), list(self.acts.values())

    def length(self, rng: Random, *, is_long: bool) -> int:
        """How many steps: mostly few, now and then many."""
        return rng.randint(6, 18) if is_long or rng.random() < 0.02 else rng.choice((0, 1, 1, 1, 2, 2, 3))


# Where it matters that a sync takes several requests.
_PIECES = (1, 2, 2000, 2000)
EVERYTHING = Theme(_EVERYTHING, 1.0, 0.22, (1, 1, 2, 3), page_rows=_PIECES, commands=_PIECES)
_NETWORK = Theme(
    {"study": 6, "click": 6, "enroll": 2, "sync": 14, "overtake": 4, "late": 4, "clock": 2, "sync as another": 2},
    trouble=1.0,
    meanwhile=0.2,
    begins_with=("study",),
    page_rows=_PIECES,
    commands=_PIECES,
)
_OVERLAPS = Theme(
    {"overtake": 10, "sync": 8, "study": 4, "another laptop": 2, "server restore": 2, "disk copy": 1},
    meanwhile=0.3,
    begins_with=("overtake",),
    page_rows=_PIECES,
    commands=_PIECES,
)
_HISTORY = Theme(
    {
        "study": 6,
        "click": 2,
        "sync": 10,
        "server backup": 4,
        "server restore": 7,
        "another laptop": 2,
        "admin": 2,
        "no courses": 2,
    },
    learners=(1, 1, 2),
    begins_with=("study", "sync"),
)
_PAGES = Theme(
    {"race": 8, "half heard": 8, "sync": 8, "admin": 4, "study": 3, "server restore": 6, "another laptop": 2},
    trouble=0.8,
    page_rows=(1, 1, 2),
    commands=(2000,),
)
_DISKS = Theme(
    {"study": 6, "click": 4, "sync": 10, "disk copy": 5, "disk restore": 6, "server restore": 2, "another laptop": 2},
    begins_with=("disk copy", "study"),
)
_CATALOG = Theme(
    {"admin": 16, "sync": 10, "study": 6, "race": 6, "server restore": 3, "guest": 2, "sweep": 2, "disk restore": 1},
    learners=(1, 1, 2),
    begins_with=("study",),
)
_PARKED = Theme(
    {"race": 10, "sync": 8, "admin": 6, "sweep": 4, "another laptop": 4, "server restore": 4, "click": 2},
    begins_with=("race",),
)
_CERTIFICATES = Theme(
    {
        "finish": 8,
        "study": 6,
        "repeat": 6,
        "admin": 6,
        "sync": 6,
        "server restore": 5,
        "forgery": 3,
        "another laptop": 3,
    },
    learners=(1, 1, 2),
    begins_with=("study", "sync"),
)
_POST = Theme(
    {
        "finish": 8,
        "post": 6,
        "server backup": 3,
        "server restore": 4,
        "move": 4,
        "relapse": 3,
        "fall twice": 3,
        "restore without the journal": 2,
        "lose the journal": 3,
        "admin": 2,
    },
    trouble=0.15,
    learners=(1, 1, 2),
    begins_with=("finish",),
    is_posted=True,
)
_GUESTS = Theme({"guest": 4, "close": 8, "admin": 6, "forgery": 4, "sync": 10, "study": 3}, begins_with=("guest",))

THEMES = [EVERYTHING, _NETWORK, _OVERLAPS, _HISTORY, _PAGES, _DISKS, _CATALOG, _PARKED, _CERTIFICATES, _POST, _GUESTS]
SHARES = [2, 3, 3, 2, 2, 2, 2, 2, 2, 3, 1]
