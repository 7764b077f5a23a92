"""How soon the machine notices each switched-off mechanism: ``python -m tests.long.zoo [--most N] [--only WORDS]``."""

import argparse
import time

from tests.flows.machine import run_schedule, workshop
from tests.flows.machine_checks import Violation
from tests.flows.zoo import ZOO


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with workshop() as shop:
        for name, switch_off in ZOO.items():
            if options.only in name:
                begin = time.monotonic()
                with switch_off():
                    found = _first(shop, options.most)
                print(f"{time.monotonic() - begin:6.1f} s  {name}: {found}", flush=True)


def _first(shop, most: int) -> str:
    for seed in range(most):
        try:
            run_schedule(shop, seed)
        except Violation as error:
            return f"seed {seed}, {str(error).splitlines()[0][:110]}"
    return "NOT FOUND"


if __name__ == "__main__":
    main()
