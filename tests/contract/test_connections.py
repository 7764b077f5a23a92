"""Connections to PostgreSQL: a pooler may hand each transaction another one, and each may die while nobody looks."""

import time

import psycopg
import pytest

from lms_server.contract.sqlite import writing
from lms_server.contract.times import now_ms
from lms_server.database import engine as opening
from lms_server.jobs import queue
from lms_server.sync.parked import sweep
from tests.contract.test_commands import send
from tests.world import World, command

# What a connection remembers beyond its transaction; each query finds nothing on a new one.
REMEMBERED = {
    # Those of the last transaction stay visible, and mean nothing to the next.
    "settings": "SELECT name FROM pg_settings WHERE source = 'session' AND name NOT LIKE 'transaction_%'",
    "prepared statements": "SELECT name FROM pg_prepared_statements",
    "cursors": "SELECT name FROM pg_cursors",
    "channels": "SELECT pg_listening_channels()",
    "advisory locks": "SELECT objid FROM pg_locks WHERE locktype = 'advisory'",
    "temporary tables": "SELECT relname FROM pg_class WHERE relpersistence = 't'",
}


@pytest.fixture
def world(tmp_path, postgres_url):
    made = World(tmp_path / "server", postgres_url)
    yield made
    made.close()


def test_a_connection_remembers_nothing_of_the_last_transaction(world, laptops):
    learner, course = world.learner(), world.course(count=100)
    laptop = laptops(learner)
    for place in range(8):
        laptop.sync()
        if place == 0:
            laptop.store.enroll(course.uid)
        laptop.study(course, *range(place * 10, 100 if place == 7 else place * 10 + 10))
    laptop.sync()
    assert len(world.certificates()) == 1
    sweep(world.context)
    with writing(world.engine) as conn:
        job = queue.claim(conn, ["certificate_pdf"], now_ms() + 1000, 60)
        assert queue.settle(conn, job, queue.Verdict(queue.State.ACCEPTED))
    assert world.engine.pool.checkedin() == 1, "the one connection that all this went over"
    raw = world.engine.raw_connection()
    found = {what: raw.driver_connection.execute(query).fetchall() for what, query in REMEMBERED.items()}
    raw.close()
    ours = {what: [name for (name,) in rows] for what, rows in found.items()}
    assert not {what: names for what, names in ours.items() if names}


def test_connections_that_died_while_idle_are_replaced_unnoticed(world, monkeypatch, postgres_url):
    monkeypatch.setattr(opening, "TRUSTED_S", 0)
    learner, course = world.learner(), world.course()
    kill_all(postgres_url)
    assert world.completed(learner) == set()
    kill_all(postgres_url)
    assert send(world, learner, command("enroll", course.uid)) == [("applied", "ok")]


def test_a_connection_that_served_a_moment_ago_is_not_asked_again(world, monkeypatch):
    monkeypatch.setattr(opening, "TRUSTED_S", 60)
    learner, asked = world.learner(), []
    monkeypatch.setattr(world.engine.dialect, "do_ping", asked.append)
    world.completed(learner)
    assert not asked


def kill_all(url):
    """End every other connection, and wait until they are gone."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        conn.execute(f"SELECT pg_terminate_backend(pid) {others}")
        while conn.execute(f"SELECT 1 {others}").fetchone():
            time.sleep(0.01)
