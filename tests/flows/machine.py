"""Random schedules against the real server and real laptops: one seed, one schedule, all invariants.

``Machine`` names each thing that can happen, and a theme says which of them a schedule is made of. Beside it:

``machine_themes``    what schedules are about, and how often
``machine_scene``     what a schedule has and remembers, and its story
``machine_laptops``   clicks, syncs, and what happens to laptops
``machine_admin``     what happens on the server
``machine_stories``   several of these in an order that has made trouble
``machine_intruders`` who tries to get work in that isn't theirs
``machine_network``   the way of a request, and the judgement on what it did; ``machine_wire`` is what networks do to it
``machine_rest``      the end, when all must agree
``machine_checks``    the invariants, with their numbers
``machine_world``     the server, the laptops, and copies of their disks
``machine_mail``      the job worker and what must be true of mails; ``machine_smtp`` is its mail server
``machine_memory``    databases in memory and seeded ids; ``machine_postgres`` has the server on PostgreSQL instead
``machine_quick``     a shorter way from statements to SQLite
``zoo``               the mechanisms of the product, each switched off to see that the machine notices
"""

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random

from lms_desktop.store import ballast
from lms_server.contract import anchors
from lms_server.sync import changes
from tests.flows.machine_admin import Admin
from tests.flows.machine_checks import Violation, check_profile
from tests.flows.machine_intruders import Intruders
from tests.flows.machine_laptops import Laptops
from tests.flows.machine_memory import DAY_MS, Clock, Instead, seeded
from tests.flows.machine_network import Network
from tests.flows.machine_rest import Rest
from tests.flows.machine_scene import Scene
from tests.flows.machine_smtp import posted
from tests.flows.machine_stories import Stories
from tests.flows.machine_world import Profile, Shop
from tests.world import Course


class Machine:
    """One schedule: who takes part, and what happens to them."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.rng = scene, scene.rng
        self.network = Network(scene)
        self.network.meanwhile = self._meanwhile
        self.laptops = Laptops(scene, self.network)
        self.admin = Admin(scene)
        self.rest = Rest(scene, self.laptops, self.admin, self.network)
        self._acts = self._all_acts()

    def _all_acts(self) -> dict[str, Callable[[], None]]:
        laptops, admin = self.laptops, self.admin
        stories = Stories(self.scene, laptops, admin, self.network)
        intruders = Intruders(self.scene, laptops, self.network)
        return {
            "study": laptops.study,
            "enroll": laptops.enroll,
            "click": laptops.click,
            "sync": laptops.sync,
            "sync as another": intruders.sync_as_another,
            "forgery": intruders.forge,
            "late": self.network.deliver_late,
            "sweep": admin.sweep,
            "admin": admin.do_something,
            "race": stories.race,
            "overtake": stories.overtake,
            "half heard": stories.hear_half,
            "close": admin.close,
            "repeat": stories.repeat,
            "server backup": admin.back_up,
            "server restore": admin.restore,
            "disk copy": laptops.copy_disk,
            "disk restore": laptops.restore_disk,
            "clock": laptops.turn_clock,
            "another laptop": laptops.add_another,
            "finish": stories.finish,
            "post": admin.let_worker_run,
            "move": stories.move,
            "relapse": stories.relapse,
            "fall twice": stories.fall_twice,
            "restore without the journal": stories.restore_without_the_journal,
            "no courses": stories.have_no_courses,
            "lose the journal": stories.lose_journal,
            "guest": partial(laptops.add, None),
        }

    def run(self) -> None:
        """The whole schedule; raises Violation."""
        scene = self.scene
        try:
            self.begin(self.rng.choice(scene.theme.learners))
            for name in scene.theme.begins_with:
                self._step(name)
            for _ in range(scene.theme.length(self.rng, is_long=scene.is_long)):
                self._step(self.rng.choices(*scene.theme.draw)[0])
            self.rest.calm_down()
        except BaseException:
            for profile in scene.profiles:
                profile.slot.close()
            raise
        finally:
            self.end()

    def begin(self, learners: int) -> None:
        """A new server with courses, and a laptop for each learner."""
        scene, shop = self.scene, self.scene.shop
        shelf = self.rng.choice(shop.shelves)
        shop.clock.now = 1_795_000_000_000
        shop.server.memory.crash_after(None)
        if self.rng.random() < 0.25:
            # A backup of the time before there was any course.
            scene.backups.append(scene.post.copy(shop.server_content))
        shop.server.memory.load(shelf.server)
        scene.courses = [Course(course.uid, course.slug, list(course.lessons)) for course in shelf.courses]
        scene.limit = self.rng.choice(scene.theme.commands)
        anchors.ROWS_A_REVISION = self.rng.choice((1, 2, 500))
        scene.backups.append(scene.post.copy(shelf.server))
        for who in range(learners):
            self.laptops.add(who, shelf.disks[who] if self.rng.random() < scene.theme.knows_catalog else None)

    def end(self) -> None:
        """The slots are free for another schedule."""
        for profile in self.scene.profiles:
            profile.slot.wire.carry = None

    def check(self) -> None:
        """What must be true of every laptop at any time."""
        for profile in self.scene.profiles:
            check_profile(profile)

    def _step(self, name: str) -> None:
        self.scene.shop.clock.now += self.rng.choice((1, 5, 1000, 60_000, DAY_MS))
        self.scene.note(name)
        self._acts[name]()
        self.check()

    def _meanwhile(self, profile: Profile) -> None:
        """Things happen while a request is on its way."""
        scene = self.scene
        if scene.depth or self.rng.random() >= scene.theme.meanwhile:
            return
        draw = self.rng.random() * 0.22
        scene.depth += 1
        scene.note("meanwhile")
        try:
            if draw < 0.06 and scene.crashing is None:
                self.laptops.click(profile)
            elif draw < 0.10:
                self.admin.do_something()
            elif draw < 0.15 and scene.crashing is None:
                self.laptops.sync(profile)
            elif draw < 0.17:
                self.admin.restore()
            elif scene.crashing is None:
                self.laptops.sync()
        finally:
            scene.depth -= 1


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
    scene = machine.scene
    rows = scene.rng.choice(scene.theme.page_rows)
    with (
        seeded(Random(scene.seed ^ 0x5EED), scene.shop.clock),
        scene.shop.opening,
        posted(scene.post),
        machine.network.watched(),
        # Two megabytes of reserve for each laptop are another test's business.
        Instead(ballast, "take_on", lambda _folder: None),
        Instead(changes, "Budget", partial(changes.Budget, rows)),
        Instead(changes, "_FETCH", rows + 500),
    ):
        yield


def run_schedule(shop: Shop, seed: int, *, is_long: bool = False) -> Scene:
    """Run one schedule, and give what is there at its end.

    Raises Violation, with what broke, its story, and the command that runs it again.
    """
    scene = Scene(shop, seed, is_long=is_long)
    machine = Machine(scene)
    with prepared(machine):
        try:
            machine.run()
        except Exception as error:
            story = "\n".join(scene.log)
            call = f"python -m tests.long.machine --seed {seed}{' --long' if is_long else ''}"
            raise Violation(f"{error!r}\n{story}\n{call}") from error
    return scene
