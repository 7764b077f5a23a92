"""Long runs of random schedules: ``python -m tests.long.machine --schedules 1000000 --processes 2`` or ``--seed N``.

``--postgresql`` puts the server's databases on a PostgreSQL of their own.
"""

import argparse
import gc
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, nullcontext
from multiprocessing import get_context

from tests import postgres
from tests.flows.machine import run_schedule, workshop
from tests.flows.machine_checks import Violation

# Seeds that a process takes at once: half a minute's, so that opening a workshop costs next to nothing of it.
SHARE = 2_500

# The seed of a schedule that failed, and its story.
Failed = tuple[int, str]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=1, help="as many as there are cores, at most")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one and tell its story")
    parser.add_argument("--long", action="store_true", help="each of many steps: slower, and deeper in trouble")
    parser.add_argument("--keep-going", action="store_true", help="count failures instead of stopping")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    options = parser.parse_args()
    with ExitStack() as stack:
        server = None
        if options.postgresql:
            server = stack.enter_context(postgres.running(postgres.programs(), *postgres.QUICK))
        if options.seed is not None:
            with _workshop(server) as shop:
                print("\n".join(run_schedule(shop, options.seed, is_long=options.long).log))
            return 0
        return _run_many(server, options)


def _run_many(server: str | None, options) -> int:
    last = options.first + options.schedules
    shares = [range(first, min(first + SHARE, last)) for first in range(options.first, last, SHARE)]
    begin, busy_s, done, failures = time.monotonic(), 0.0, 0, 0
    # Spawned: a process that is forked would begin with its parent's locks and open files.
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        waiting = [pool.submit(_run_share, server, seeds, options.long, options.keep_going) for seeds in shares]
        for share in as_completed(waiting):
            ran, cpu_s, stories = share.result()
            done, busy_s, failures = done + ran, busy_s + cpu_s, failures + len(stories)
            for seed, story in stories:
                print(story if not options.keep_going else f"{seed}: {story.splitlines()[0][:230]}")
            speed = f"{done / (time.monotonic() - begin):.1f} a second ({done / busy_s:.1f} a second and core)"
            print(f"{done} schedules, {failures} failed, {speed}", flush=True)
            if failures and not options.keep_going:
                pool.shutdown(cancel_futures=True)
                break
    return 1 if failures else 0


def _run_share(server: str | None, seeds: range, is_long: bool, keep_going: bool) -> tuple[int, float, list[Failed]]:
    """How many ran, in how many seconds of this process, and the failed ones with their stories."""
    # Next to nothing that a schedule makes outlives it: looking for it more rarely finds as much.
    gc.set_threshold(20_000)
    stories = []
    with _workshop(server) as shop:
        gc.freeze()
        busy = time.process_time()
        for seed in seeds:
            try:
                run_schedule(shop, seed, is_long=is_long)
            except Violation as error:
                stories.append((seed, str(error)))
                if not keep_going:
                    break
        gc.unfreeze()
        return seed - seeds[0] + 1, time.process_time() - busy, stories


@contextmanager
def _workshop(server: str | None):
    with postgres.database(server) if server else nullcontext() as address, workshop(address) as shop:
        yield shop


if __name__ == "__main__":
    sys.exit(main())
