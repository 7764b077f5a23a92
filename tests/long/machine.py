"""Long runs of random schedules: ``python -m tests.long.machine --schedules 1000000`` or ``--seed N``.

``--postgresql`` puts the server's database on a PostgreSQL of its own.
"""

import argparse
import gc
import sys
import time
from contextlib import ExitStack

from tests import postgres
from tests.flows.machine import run_schedule, workshop
from tests.flows.machine_checks import Violation


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one and tell its story")
    parser.add_argument("--long", action="store_true", help="each of many steps: slower, and deeper in trouble")
    parser.add_argument("--keep-going", action="store_true", help="count failures instead of stopping")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    options = parser.parse_args()
    with ExitStack() as stack:
        address = None
        if options.postgresql:
            server = stack.enter_context(postgres.running(postgres.programs(), *postgres.QUICK))
            address = stack.enter_context(postgres.database(server))
        shop = stack.enter_context(workshop(address))
        if options.seed is not None:
            print("\n".join(run_schedule(shop, options.seed, is_long=options.long).log))
            return 0
        return _run_many(shop, options)


def _run_many(shop, options) -> int:
    gc.freeze()
    # Next to nothing that a schedule makes outlives it: looking for it more rarely finds as much.
    gc.set_threshold(20_000)
    begin, busy, failures = time.monotonic(), time.process_time(), 0
    for index in range(options.schedules):
        try:
            run_schedule(shop, options.first + index, is_long=options.long)
        except Violation as error:
            failures += 1
            print(error if not options.keep_going else f"{options.first + index}: {str(error).splitlines()[0][:230]}")
            if not options.keep_going:
                return 1
        if index % 1000 == 999:
            print(f"{index + 1} schedules, {(index + 1) / (time.monotonic() - begin):.1f} a second", flush=True)
    speed = options.schedules / (time.monotonic() - begin)
    a_core = options.schedules / (time.process_time() - busy)
    print(f"{options.schedules} schedules, {failures} failed, {speed:.1f} a second ({a_core:.1f} a second and core)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
