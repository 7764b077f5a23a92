"""Random schedules: lost, repeated and late requests, crashes, copied and restored disks, an admin at work.

``LMS_SCHEDULES`` says how many, ``LMS_FIRST_SEED`` where they begin; a failure prints the command that runs it again.
"""

import os

import pytest

from tests.flows.machine import run_schedule, workshop

SCHEDULES = int(os.environ.get("LMS_SCHEDULES", "60"))
FIRST = int(os.environ.get("LMS_FIRST_SEED", "0"))


# So many tests, for as many processors.
SHARDS = 8


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_schedules(shard):
    with workshop() as shop:
        for seed in range(FIRST + shard, FIRST + SCHEDULES, SHARDS):
            run_schedule(shop, seed)


def test_a_schedule_comes_again_by_its_seed():
    with workshop() as shop:
        first, again = run_schedule(shop, 7), run_schedule(shop, 7)
    assert first.log == again.log
    assert first.server.memory is again.server.memory
    assert len(first.log) > 10
