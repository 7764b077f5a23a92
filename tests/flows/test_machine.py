"""Random schedules: lost, repeated and late requests, crashes, copied and restored disks, an admin at work.

``LMS_SCHEDULES`` says how many, ``LMS_LONG_SCHEDULES`` how many of many steps, ``LMS_FIRST_SEED`` where they begin,
``LMS_SCHEDULES_ON_POSTGRESQL`` how many of them run on PostgreSQL too; a failure prints the command that runs it again.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import SPEED
from tests.flows.machine import run_schedule, workshop
from tests.flows.machine_scene import Scene

ROOT = Path(__file__).parents[2]
SCHEDULES = int(os.environ.get("LMS_SCHEDULES", "200"))
LONG = int(os.environ.get("LMS_LONG_SCHEDULES", "24"))
ON_POSTGRESQL = int(os.environ.get("LMS_SCHEDULES_ON_POSTGRESQL", "20"))
FIRST = int(os.environ.get("LMS_FIRST_SEED", "0"))


# So many tests, for as many processors.
SHARDS = 8


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_schedules(shard, record_property):
    with workshop() as shop:
        begin = time.process_time()
        seeds = range(FIRST + shard, FIRST + SCHEDULES, SHARDS)
        for seed in seeds:
            run_schedule(shop, seed)
    record_property(SPEED, len(seeds) / (time.process_time() - begin))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_long_schedules(shard):
    with workshop() as shop:
        for seed in range(FIRST + shard, FIRST + LONG, SHARDS):
            run_schedule(shop, seed, is_long=True)


@pytest.mark.timeout(1800)
def test_random_schedules_on_postgresql(postgres_url):
    with workshop(postgres_url) as shop:
        for seed in range(FIRST, FIRST + ON_POSTGRESQL):
            run_schedule(shop, seed)


def test_a_schedule_comes_again_by_its_seed():
    with workshop() as shop:
        first = [told(run_schedule(shop, seed)) for seed in SAMPLE]
        again = [told(run_schedule(shop, seed)) for seed in SAMPLE]
    assert first == again
    assert sum(len(log) for log, *_ in first) > 100


@pytest.mark.parametrize("seed", [1, 7])
def test_and_in_another_process(seed):
    stories = [
        subprocess.run(
            [sys.executable, "-m", "tests.long.machine", "--seed", str(seed)],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hashes},
        ).stdout
        for hashes in ("1", "2")
    ]
    assert stories[0] == stories[1] != b""


def test_the_short_way_to_the_database_changes_nothing():
    with workshop() as shop:
        short = [told(run_schedule(shop, seed)) for seed in SAMPLE]
        for memory in (shop.server.memory, *(slot.memory for slot in shop.slots)):
            memory.engine.is_slow = True
        assert [told(run_schedule(shop, seed)) for seed in SAMPLE] == short


SAMPLE = range(40)
# Tokens and the times of their use come from the system.
UNSEEDED = ("sessions",)


def told(scene: Scene) -> tuple:
    """The story of a schedule, and every row that is there at its end."""
    memories = [scene.server.memory, *(profile.slot.memory for profile in scene.profiles)]
    rows = [{name: table for name, table in memory.save().items() if name not in UNSEEDED} for memory in memories]
    return scene.log, *rows
