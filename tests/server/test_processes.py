"""Several server processes and a worker on one PostgreSQL, while its backends are killed: once is still once."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import httpx
import psycopg
import pytest

from lms_server.contract.ids import new_uuid7
from tests.world import command

LEARNERS, LESSONS, TRIES = 4, 3, 60
SERVER = [sys.executable, "-m", "lms_server"]


@pytest.fixture
def place(tmp_path, postgres_url):
    """Where the servers' shared folder is, and their environment."""
    env = os.environ | {
        "LMS_SERVER_DATA": str(tmp_path / "server"),
        "LMS_SERVER_DATABASE_URL": postgres_url.replace("+psycopg", ""),
    }
    run(env, "init", "--name", "Hillside Library")
    source = tmp_path / "course"
    (source / "lessons").mkdir(parents=True)
    (source / "course.toml").write_text('format = 1\nslug = "first-aid"\ntitle = "First aid"\n', "utf-8")
    for number in range(LESSONS):
        (source / "lessons" / f"0{number}-x.md").write_text(f"# Lesson {number}\n\nText.\n", "utf-8")
    run(env, "course", "import", str(source), "--publish")
    for number in range(LEARNERS):
        run(env, "user", "add", f"l{number}@example.org", "--name", f"L {number}", "--password-stdin", text="secret-1")
    return env


def run(env, *arguments, text=""):
    done = subprocess.run(
        [*SERVER, *arguments], env=env, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(env):
    process = subprocess.Popen([*SERVER, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        yield line.removeprefix("listening on ").strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def study(addresses, server_id, email, lessons, course, problems):
    """One learner's two devices in one: every request goes to every process, until it is acknowledged."""
    commands = [command("enroll", course), *[command("complete_lesson", uid) for uid in lessons]]
    try:
        with httpx.Client(timeout=30) as client:
            signed_in = insist(client, addresses[0] + "/api/v1/sessions", {"email": email, "password": "secret-1"}, 201)
            headers = {"Authorization": f"Bearer {signed_in['token']}"}
            for one in commands:
                for address in addresses:
                    envelope = {
                        "v": 1,
                        "request_id": new_uuid7(),
                        "server_id": server_id,
                        "user": signed_in["user"]["uid"],
                        "sent_at": "2026-11-22T10:00:00.000Z",
                        "commands": [one],
                    }
                    answer = insist(client, address + "/api/v1/sync", envelope, 200, headers)
                    assert answer["results"][0]["outcome"] in {"applied", "duplicate"}
    except Exception as error:  # noqa: BLE001 # told by the test, from its own thread
        problems.append(error)


def insist(client, url, body, wanted, headers=None):
    for _ in range(TRIES):
        answer = client.post(url, json=body, headers=headers)
        if answer.status_code == wanted:
            return answer.json()
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(0.1)
    raise AssertionError("the server never recovered")


def kill_backends(url, stop):
    with psycopg.connect(url, autocommit=True) as admin:
        while not stop.wait(0.15):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
            )


def test_killed_backends_and_two_processes_change_nothing_about_once(place):
    listed = json.loads(run(place, "lesson", "list", "first-aid", "--json"))
    lessons = [row["uid"] for row in listed]
    course = json.loads(run(place, "course", "list", "--json"))[0]["uid"]
    problems, stop = [], threading.Event()
    with ExitStack() as stack:
        addresses = [stack.enter_context(serving(place)) for _ in range(2)]
        server_id = httpx.get(addresses[0] + "/api/v1/server").json()["server_id"]
        threads = [
            threading.Thread(target=study, args=(addresses, server_id, f"l{n}@example.org", lessons, course, problems))
            for n in range(LEARNERS)
        ]
        killer = threading.Thread(target=kill_backends, args=(place["LMS_SERVER_DATABASE_URL"], stop))
        for thread in (*threads, killer):
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        killer.join()
        assert problems == []
        run(place, "worker", "--once")
    run(place, "worker", "--once")
    certificates = json.loads(run(place, "certificate", "list", "--json"))
    assert len({row["email"] for row in certificates}) == len(certificates) == LEARNERS
    mails = json.loads(run(place, "mail", "list", "--json"))
    assert sorted(row["certificate"] for row in mails) == sorted(row["uuid"] for row in certificates)
    report = json.loads(run(place, "doctor", "--json"))
    assert report["ok"], report
