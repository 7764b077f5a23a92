"""Each mechanism switched off is noticed by the machine: a mechanism that can go unnoticed protects nobody."""

import os

import pytest

from tests.flows.machine import run_schedule, workshop
from tests.flows.machine_checks import Violation
from tests.flows.zoo import STALE, ZOO

# How many schedules the machine may take; ``python -m tests.long.zoo`` tells how many it needs for each.
MOST = int(os.environ.get("LMS_ZOO_SCHEDULES", "10000"))
# All of them take some minutes: without being asked, every sixth.
NAMES = list(ZOO) if "LMS_ZOO_SCHEDULES" in os.environ else list(ZOO)[::6]


@pytest.fixture(scope="module")
def shop():
    with workshop() as shop:
        yield shop


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_the_machine_misses(shop, name):
    with ZOO[name]():
        count, found = first(shop)
    print(f"{name}: in {count} schedules, {str(found).splitlines()[0][:100]}")
    assert found is not None, f"nothing noticed in {MOST} schedules"
    assert not isinstance(found.__cause__, STALE), "what switches it off no longer fits the product"


def test_every_switch_fits_the_product(shop):
    """Quicker than to see what each makes the machine notice: one that names what is gone fails in its first steps."""
    for name, switch_off in ZOO.items():
        with switch_off():
            _, found = first(shop, most=2)
        assert found is None or not isinstance(found.__cause__, STALE), name


def first(shop, most=MOST):
    """How many schedules it took, and what was noticed then."""
    for count in range(most):
        try:
            run_schedule(shop, count)
        except Violation as violation:
            return count + 1, violation
    return most, None
