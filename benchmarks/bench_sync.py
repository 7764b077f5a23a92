"""Sync over loopback against the real server process: 1,000 and 10,000 queued completions, and nothing new.

``--database postgresql://…`` measures the same on PostgreSQL; ``--old N`` puts N old receipts and progress rows of the
same learner under it first.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert, select  # the project's root comes first

from lms_desktop.settings import Device, Home
from lms_desktop.store import outbox
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.session import Session
from lms_server.actions.installation import open_server
from lms_server.contract import anchors
from lms_server.contract.apply import apply
from lms_server.contract.commands import CompleteLesson, Event
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import writing
from lms_server.contract.times import now_ms
from lms_server.database.tables import courses, lesson_progress, lessons, receipts, users
from lms_server.settings import read_settings

LESSONS = 500
SERVER = [sys.executable, "-m", "lms_server"]
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="")
    parser.add_argument("--old", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "LMS_SERVER_DATA": f"{folder}/server",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        os.environ.update(environment)
        if given.database:
            environment["LMS_SERVER_DATABASE_URL"] = given.database
        subprocess.run([*SERVER, "init"], env=environment, check=True, capture_output=True)
        _add_learner(environment)
        context = open_server(read_settings(environment))
        made = [_course(context, f"course-{n}") for n in range(2 + RUNS * 22)]
        if given.old:
            _grow_old(context, given.old)
        _measure(Path(folder), environment, made)


def _measure(folder, environment, made) -> None:
    # No worker: PDFs and mails are measured elsewhere, and their thread would share the processor.
    command = [*SERVER, "serve", "--port", "0", "--no-worker"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = server.stdout.readline().split()[-1]
        accounts = Accounts(Profiles(Home(folder / "home")), Device(new_uuid4(), "bench"))
        profile = accounts.sign_in(url, "ana@example.org", "secret-1")
        store = accounts.profiles.open(profile)
        client = Client(url, Credentials(profile).read())
        sync = lambda: _session(store, client, accounts.device).run()  # noqa: E731 # said once
        sync()
        for count in (1000, 10_000):
            times = []
            for _ in range(RUNS):
                chosen = [made.pop() for _ in range(count // LESSONS)]
                _queue(store, sync, chosen)
                sent = _bytes(client)
                start = time.perf_counter()
                report = sync()
                times.append(time.perf_counter() - start)
                assert report.sent == count
                assert store.views.counts()["pending"] == 0
                up, down = (b / count for b in sent())
            wall = statistics.median(times)
            rate = f"{count / wall:,.0f} a second"
            print(f"sync of {count:,}: {wall:.3f} s, {rate}, {up:.0f} bytes up, {down:.0f} down each")
        times = []
        for _ in range(50):
            start = time.perf_counter()
            sync()
            times.append((time.perf_counter() - start) * 1000)
        print(f"nothing new: median {statistics.median(times):.1f} ms")
        print(f"server's peak memory: {_peak(server.pid)} MB")
        store.close()
    finally:
        server.terminate()
        server.wait(20)


def _session(store, client, device) -> Session:
    session = Session(store, client, device)
    session.fetch_certificates = lambda: None
    return session


def _queue(store, sync, chosen) -> None:
    for course, _ in chosen:
        store.enroll(course)
    sync()
    events = [Event(CompleteLesson(new_uuid7(), uid, now_ms()), now_ms()) for _, uids in chosen for uid in uids]
    with store.writing() as conn:
        apply(conn, 1, events, lambda: None)
        for event in events:
            outbox.queue(conn, event.command)
    # As a click does; the sync must not be billed for it.
    store._journal.add(event.command for event in events)


def _bytes(client):
    """Counts what goes over the wire from now on, compressed as it goes."""
    up, down = [0], [0]
    http = client._http

    def sent(request) -> None:
        up[0] += len(request.content)

    def received(response) -> None:
        length = response.headers.get("Content-Length")
        down[0] += int(length) if length else 0

    http.event_hooks = {"request": [sent], "response": [received]}
    return lambda: (up[0], down[0])


def _add_learner(environment) -> None:
    command = [*SERVER, "user", "add", "ana@example.org", "--name", "Ana", "--password-stdin"]
    subprocess.run(command, env=environment, input="secret-1", text=True, check=True, capture_output=True)


def _course(context, slug):
    uids = [new_uuid4() for _ in range(LESSONS)]
    with writing(context.engine) as conn:
        stream = anchors.lock(conn, anchors.CATALOG)
        course = new_uuid4()
        row = {"uid": course, "slug": slug, "title": slug, "is_published": True, "revision": stream.stamp()}
        conn.execute(insert(courses).values(row))
        key = conn.execute(select(courses.c.id).where(courses.c.uid == course)).scalar_one()
        rows = [
            {"uid": uid, "course_id": key, "title": f"Lesson {n}", "order": n, "revision": stream.stamp()}
            for n, uid in enumerate(uids)
        ]
        conn.execute(insert(lessons), rows)
        stream.save(conn)
    return course, uids


def _grow_old(context, count: int) -> None:
    """Years of the learner's work: receipts and progress in a course of their own, revisions and all."""
    with writing(context.engine) as conn:
        user = conn.execute(select(users.c.id, users.c.uid)).one()
        conn.execute(insert(courses).values(uid=new_uuid4(), slug="old", title="Old", revision=1))
        course = conn.execute(select(courses.c.id).where(courses.c.slug == "old")).scalar_one()
        for start in range(0, count, 20_000):
            stream = anchors.lock(conn, user.uid)
            size = min(20_000, count - start)
            uids = [new_uuid4() for _ in range(size)]
            rows = [{"uid": uid, "course_id": course, "title": "x", "order": n} for n, uid in enumerate(uids)]
            conn.execute(insert(lessons), rows)
            query = select(lessons.c.id).where(lessons.c.course_id == course).order_by(lessons.c.id.desc()).limit(size)
            keys = conn.execute(query).scalars().all()
            ids = [new_uuid7() for _ in keys]
            done = [
                {
                    "user_id": user.id,
                    "lesson_id": key,
                    "started_at": 1,
                    "completed_at": 1,
                    "complete_command_id": one,
                    "revision": stream.stamp(),
                }
                for key, one in zip(keys, ids, strict=True)
            ]
            conn.execute(insert(lesson_progress), done)
            print_ = "complete_lesson 00000000-0000-4000-8000-000000000000"
            old = [
                {
                    "user_id": user.id,
                    "command_id": one,
                    "fingerprint": print_,
                    "outcome": "applied",
                    "code": "ok",
                    "received_at": 1,
                }
                for one in ids
            ]
            conn.execute(insert(receipts), old)
            stream.save(conn)


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
