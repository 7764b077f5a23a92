"""30 laptops bring 50 completions each at the same moment, to one server or to two of them on one PostgreSQL.

Every laptop is a real store with a real client and a learner of its own, who finishes a course with them: certificates
are issued in the rush. An answer that is neither 200 nor 503 with Retry-After ends the benchmark with an error.
"""

import argparse
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select  # the project's root comes first

from benchmarks.school import DATABASES, Answered, Course, Laptop, School, databases, schools, sign_in
from lms_desktop.sync.errors import ServerTrouble
from lms_server.contract.sqlite import reading
from lms_server.database.tables import certificates, lesson_progress

LAPTOPS, COMPLETIONS, ROUNDS = 30, 50, 3
# A laptop that is told to come back later does so; the app's own patience is longer.
TRIES = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: both, one after the other")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--worker", action="store_true", help="the server makes PDFs and mails meanwhile, too")
    given = parser.parse_args()
    for kind in databases(given.database):
        for processes in (1,) if kind == "sqlite" else (1, 2):
            with schools(kind) as (school,):
                _rush(kind, school, processes, given.rounds, [] if given.worker else ["--no-worker"])


def _rush(kind: str, school: School, processes: int, rounds: int, options: list[str]) -> None:
    emails = [f"l{n}@example.org" for n in range(LAPTOPS)]
    for email in emails:
        school.learner(email)
    made = [school.course(f"course-{n}", COMPLETIONS) for n in range(rounds)]
    with ExitStack() as stack:
        serving = [stack.enter_context(school.serving(*options)) for _ in range(processes)]
        laptops = []
        for n, email in enumerate(emails):
            laptops.append(sign_in(school.folder / f"home{n}", serving[n % processes].url, email))
            stack.callback(laptops[-1].close)
            laptops[-1].sync()
        walls, rush = [], []
        for course in made:
            walls.append(_round(laptops, course))
            rush += [answer for laptop in laptops for answer in laptop.answers]
        _check(school, rounds)
        _report(kind, processes, walls, rush, max(one.peak_mb() for one in serving))
    school.doctor()


def _round(laptops: list[Laptop], course: Course) -> float:
    """All at once; returns the seconds until the last one heard that everything is acknowledged."""
    for laptop in laptops:
        laptop.store.enroll(course.uid)
        laptop.sync()
        laptop.complete(course.lessons)
        laptop.answers.clear()
    start = threading.Barrier(len(laptops) + 1)
    threads = [threading.Thread(target=_insist, args=(laptop, start)) for laptop in laptops]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    assert all(laptop.store.views.counts()["pending"] == 0 for laptop in laptops), "something wasn't acknowledged"
    return took_s


def _insist(laptop: Laptop, start: threading.Barrier) -> None:
    start.wait()
    for _ in range(TRIES):
        try:
            laptop.sync()
        except ServerTrouble as trouble:
            if trouble.retry_after_s is None:
                raise
            time.sleep(trouble.retry_after_s)
        else:
            return


def _check(school: School, courses: int) -> None:
    """Every completion is there, and every certificate exactly once."""
    with reading(school.context.engine) as conn:
        rows = conn.execute(select(func.count()).select_from(lesson_progress)).scalar_one()
        papers = conn.execute(select(certificates.c.user_id, certificates.c.course_id)).all()
    assert rows == LAPTOPS * COMPLETIONS * courses, rows
    assert len(set(papers)) == len(papers) == LAPTOPS * courses, len(papers)


def _report(kind: str, processes: int, walls: list[float], rush: list[Answered], peak_mb: int) -> None:
    seen = Counter(f"{status} with Retry-After" if after else str(status) for status, after, _ in rush)
    assert set(seen) <= {"200", "503 with Retry-After"}, seen
    times = sorted(ms for *_, ms in rush)
    p95 = times[int(len(times) * 0.95) - 1]
    answers = ", ".join(f"{count} x {status}" for status, count in seen.most_common())
    print(
        f"{kind}, {processes} server process{'es' if processes > 1 else ''}: "
        f"{LAPTOPS} laptops x {COMPLETIONS} completions in {statistics.median(walls):.2f} s "
        f"(worst {max(walls):.2f}), an answer {statistics.median(times):.0f} ms (p95 {p95:.0f}), {answers}, "
        f"server's peak memory {peak_mb} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
