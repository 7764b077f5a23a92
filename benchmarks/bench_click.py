"""Click to saved: ``store.complete`` with its fsync, on the disk where the temporary folder lies."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.world import Laptop, World  # the project's root comes first

CLICKS = 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "server")
        learner, course = world.learner(), world.course(count=CLICKS)
        laptop = Laptop(world, learner, Path(folder) / "laptop" / "profile")
        laptop.sync()
        laptop.store.enroll(course.uid)
        times = sorted(_timed(laptop, uid) for uid in course.lessons)
        laptop.close()
        world.close()
    p99 = times[int(len(times) * 0.99) - 1]
    print(f"click to saved: median {statistics.median(times):.2f} ms, p99 {p99:.2f} ms, worst {times[-1]:.2f} ms")


def _timed(laptop: Laptop, uid: str) -> float:
    start = time.perf_counter()
    laptop.store.complete(uid)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
