"""Sync over loopback against real server processes, on both databases.

1,000 and 10,000 queued completions; 1,000 new ones and nothing new over ever more old work, of others (``--old``) and
of the same learner (``--own``); bytes on the wire; the server's peak memory. Servers with different amounts of
old work run side by side and take turns, so that what else the machine does spoils no ratio.
"""

import argparse
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.old_work import grow, grow_own  # the project's root comes first
from benchmarks.school import DATABASES, Course, Laptop, School, Serving, databases, schools, sign_in
from lms_server.contract.memory import collect_rarely

LESSONS = 500
ROUNDS, LARGE_ROUNDS, QUIET_ROUNDS = 5, 2, 50
SMALL, LARGE = 1000, 10_000
LEARNERS = 1000
ANA = "ana@example.org"


@dataclass
class Sample:
    """What one sync took; bytes and milliseconds as a whole, and the server's milliseconds for each batch."""

    ms: float
    cpu_ms: float
    up: int
    down: int
    batches_ms: list[float]


@dataclass
class Site:
    """One server with its old work, and Ana's laptop."""

    title: str
    school: School
    serving: Serving
    laptop: Laptop
    fresh: list[Course]
    new: list[Sample] = field(default_factory=list)
    quiet: list[Sample] = field(default_factory=list)

    def sync(self) -> Sample:
        """One timed sync."""
        laptop, cpu_s = self.laptop, self.serving.cpu_s()
        up, down, count = laptop.up, laptop.down, len(laptop.answers)
        start = time.perf_counter()
        laptop.sync()
        ms = (time.perf_counter() - start) * 1000
        batches = [answer.ms for answer in laptop.answers[count:]]
        return Sample(ms, (self.serving.cpu_s() - cpu_s) * 1000, laptop.up - up, laptop.down - down, batches)

    def sync_new(self, count: int) -> Sample:
        """Sync that many completions that wait on the laptop."""
        self.laptop.study([self.fresh.pop() for _ in range(count // LESSONS)])
        assert self.laptop.store.views.counts()["pending"] == count
        sample = self.sync()
        assert self.laptop.store.views.counts()["pending"] == 0
        return sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: both, one after the other")
    parser.add_argument("--old", type=_numbers, default=[0, 100_000, 1_000_000], metavar="N,N", help="others' old rows")
    parser.add_argument("--own", type=int, default=100_000, metavar="N", help="Ana's own old rows; 0 leaves it out")
    parser.add_argument("--doctor", action="store_true", help="each server proves its tables sound, before and after")
    given = parser.parse_args()
    # As the app does when its window stands.
    collect_rarely()
    for kind in databases(given.database):
        plans = [(f"{old:,} old", old, 0) for old in given.old]
        plans += [(f"{given.own:,} of her own", 0, given.own)] if given.own else []
        with ExitStack() as stack:
            made = stack.enter_context(schools(kind, len(plans)))
            sites = [stack.enter_context(_site(made[n], plan, n, given.doctor)) for n, plan in enumerate(plans)]
            _measure(sites)
            _report(kind, sites)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


@contextmanager
def _site(school: School, plan: tuple[str, int, int], place: int, doctor: bool):  # noqa: FBT001 # from the command line
    title, old, own = plan
    school.learner(ANA)
    rows = SMALL * (1 + ROUNDS) + (0 if place else LARGE * LARGE_ROUNDS)
    fresh = [school.course(f"course-{n}", LESSONS) for n in range(rows // LESSONS)]
    if old:
        grow(school, old, LEARNERS)
    if own:
        grow_own(school, ANA, own)
    if doctor:
        school.doctor()
    # No worker: PDFs and mails are measured elsewhere, and their thread would share the processor.
    with school.serving("--no-worker") as serving:
        site = Site(title, school, serving, sign_in(school.folder / "home", serving.url, ANA), fresh)
        site.sync()
        # The first time warms everything up.
        site.sync_new(SMALL)
        yield site
        site.laptop.close()
    if doctor:
        school.doctor()


def _measure(sites: list[Site]) -> None:
    for _ in range(ROUNDS):
        for site in sites:
            site.new.append(site.sync_new(SMALL))
    for _ in range(QUIET_ROUNDS):
        for site in sites:
            site.quiet.append(site.sync())


def _report(kind: str, sites: list[Site]) -> None:
    first = sites[0]
    _tell(f"{kind}, {SMALL:,} completions", SMALL, first.new)
    _tell(f"{kind}, {LARGE:,} completions", LARGE, [first.sync_new(LARGE) for _ in range(LARGE_ROUNDS)])
    for name, rounds in (("new", "new"), ("nothing new", "quiet")):
        base = _median([sample.ms for sample in getattr(first, rounds)])
        for site in sites:
            ms = _median([sample.ms for sample in getattr(site, rounds)])
            cpu_ms = statistics.fmean(sample.cpu_ms for sample in getattr(site, rounds))
            what = f"{SMALL:,} {name}" if rounds == "new" else name
            print(
                f"{kind}, {what} over {site.title}: {ms:.1f} ms (ratio {ms / base:.2f}; server's CPU {cpu_ms:.1f} ms)"
            )
    print(f"{kind}, server's peak memory: {', '.join(f'{site.serving.peak_mb()} MB' for site in sites)}", flush=True)


def _tell(title: str, count: int, samples: list[Sample]) -> None:
    ms = _median([sample.ms for sample in samples])
    batches = [ms for sample in samples for ms in sample.batches_ms]
    up, down = (_median([getattr(sample, way) for sample in samples]) / count for way in ("up", "down"))
    print(
        f"{title}: {ms:.0f} ms, {count / ms * 1000:,.0f} a second, "
        f"the server {_median(batches):.0f} ms a batch (worst {max(batches):.0f}), "
        f"{up:.0f} bytes up and {down:.0f} down each",
        flush=True,
    )


def _median(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main()
