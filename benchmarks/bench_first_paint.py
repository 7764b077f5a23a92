"""First paint: from the program's start until the Learn page of a profile with 50 courses stands painted, offscreen.

The processor's time, of all threads, is told too: it is steadier than the clock while others use the machine.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lms_desktop.settings import Home  # noqa: E402 # the project's root comes first
from lms_desktop.store.profiles import Profiles  # noqa: E402
from tests.world import Laptop, World  # noqa: E402

RUNS = 9
# The program itself, which ends when its first frame stands.
CHILD = """
import os, resource, sys, time
from lms_desktop.__main__ import main

def end():
    now, used = time.time(), resource.getrusage(resource.RUSAGE_SELF)
    print(now, used.ru_utime + used.ru_stime, used.ru_maxrss, flush=True)
    os._exit(0)

main(["--home", sys.argv[1]], end)
"""


@dataclass(frozen=True)
class Start:
    """One start of the program."""

    clock_ms: float
    processor_ms: float
    memory_mb: float


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        make_profile(home, Path(folder) / "server")
        starts = [_start(home.path) for _ in range(RUNS)]
    clock = sorted(start.clock_ms for start in starts)
    processor = statistics.median(start.processor_ms for start in starts)
    memory = statistics.median(start.memory_mb for start in starts)
    print(f"first paint: median {statistics.median(clock):.0f} ms, best {clock[0]:.0f} ms, worst {clock[-1]:.0f} ms")
    print(f"processor: median {processor:.0f} ms; memory: {memory:.0f} MB")


def make_profile(home: Home, server: Path) -> None:
    """The learner of 50 courses, whose profile opens first."""
    world = World(server)
    learner = world.learner()
    courses = [world.course(f"course-{n}", count=12) for n in range(50)]
    laptop = Laptop(world, learner, home.profiles / world.identity.server_id / learner.uid)
    laptop.sync()
    for course in courses:
        laptop.store.enroll(course.uid)
    Profiles(home).make_current(laptop.folder)
    laptop.close()
    world.close()


def _start(home: Path) -> Start:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    began = time.time()
    command = [sys.executable, "-c", CHILD, str(home)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    ended, processor_s, memory_kb = map(float, done.stdout.split())
    return Start((ended - began) * 1000, processor_s * 1000, memory_kb / 1024)


if __name__ == "__main__":
    main()
