"""What is measured: a real server process on either database, and laptops with real stores that sync with it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import insert, select

from lms_desktop.settings import Device, Home
from lms_desktop.store import outbox
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.store import Store
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.session import Report, Session
from lms_server.actions.context import ServerContext
from lms_server.actions.installation import open_server
from lms_server.actions.users import NewUser, add_user
from lms_server.contract import anchors
from lms_server.contract.apply import apply
from lms_server.contract.commands import CompleteLesson, Event
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import writing
from lms_server.contract.times import now_ms
from lms_server.database.tables import courses, lessons
from lms_server.settings import read_settings
from tests import postgres

DATABASES = ("sqlite", "postgresql")
PASSWORD = "secret-1"
_SERVER = [sys.executable, "-m", "lms_server"]
# As a PostgreSQL comes, but for the number of connections: everything durable.
_POSTGRES = ("max_connections=60",)

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


@dataclass(frozen=True)
class Course:
    """A published course: its database id, and the uids."""

    id: int
    uid: str
    lessons: list[str]


@dataclass(frozen=True)
class School:
    """One server's data folder and database."""

    folder: Path
    context: ServerContext
    environment: dict[str, str]

    def learner(self, email: str) -> None:
        """Make an account with the password that all have here."""
        add_user(self.context, NewUser(email, email.partition("@")[0].title(), PASSWORD))

    def course(self, slug: str, count: int) -> Course:
        """A published course with this many lessons, as an import stamps it."""
        uid, uids = new_uuid4(), [new_uuid4() for _ in range(count)]
        with writing(self.context.engine) as conn:
            stream = anchors.lock(conn, anchors.CATALOG)
            row = {"uid": uid, "slug": slug, "title": slug, "is_published": True, "revision": stream.stamp()}
            conn.execute(insert(courses).values(row))
            key = conn.execute(select(courses.c.id).where(courses.c.uid == uid)).scalar_one()
            rows = [
                {"uid": one, "course_id": key, "title": f"Lesson {n}", "order": n, "revision": stream.stamp()}
                for n, one in enumerate(uids)
            ]
            conn.execute(insert(lessons), rows)
            stream.save(conn)
        return Course(key, uid, uids)

    @contextmanager
    def serving(self, *options: str) -> Iterator["Serving"]:
        """The server in a process of its own, until the block ends."""
        command = [*_SERVER, "serve", "--port", "0", *options]
        log = (self.folder / "log").open("ab")
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield Serving(process.stdout.readline().split()[-1], process.pid)
        finally:
            process.terminate()
            process.wait(40)
            process.stdout.close()
            log.close()

    def doctor(self) -> None:
        """The server's own proof that nothing is missing, doubled or lost; raises AssertionError with what it found."""
        call = [*_SERVER, "doctor", "--json"]
        done = subprocess.run(call, env=self.environment, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        found = [check for check in json.loads(done.stdout)["checks"] if not check["ok"]]
        assert not found, found


@dataclass(frozen=True)
class Serving:
    """A running server process."""

    url: str
    pid: int

    def peak_mb(self) -> int:
        """The most memory it ever held; 0 where nobody can say."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return 0
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024

    def cpu_s(self) -> float:
        """The processor time it used so far; 0 where nobody can say."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Answered(NamedTuple):
    """What came back, and how long the server took for it."""

    status: int
    retry_after: str | None
    ms: float


@dataclass
class Laptop:
    """A learner's profile with its client; counts the bytes that go over the wire, compressed as they go."""

    store: Store
    client: Client
    device: Device
    up: int = 0
    down: int = 0
    answers: list[Answered] = field(default_factory=list)
    _asked_at: float = 0.0

    def __post_init__(self) -> None:
        self.client._http.event_hooks = {"request": [self._sent], "response": [self._received]}

    def sync(self) -> Report:
        """One whole sync. PDFs are measured elsewhere."""
        session = Session(self.store, self.client, self.device)
        session.fetch_certificates = lambda: None
        return session.run()

    def study(self, chosen: list[Course]) -> None:
        """Enroll, then leave every lesson of these courses complete and unsent, as as many clicks would."""
        for course in chosen:
            self.store.enroll(course.uid)
        self.sync()
        self.complete([uid for course in chosen for uid in course.lessons])

    def complete(self, uids: list[str]) -> None:
        """Leave these lessons complete and unsent."""
        events = [Event(CompleteLesson(new_uuid7(), uid, now_ms()), now_ms()) for uid in uids]
        with self.store.writing() as conn:
            apply(conn, 1, events, lambda: None)
            for event in events:
                outbox.queue(conn, event.command)
        # As a click does; the sync must not be billed for it.
        self.store.second_copy.note(event.command for event in events)

    def close(self) -> None:
        """Let go of files and connections."""
        self.client.close()
        self.store.close()

    def _sent(self, request) -> None:
        self.up += len(request.content)
        self._asked_at = time.perf_counter()

    def _received(self, response) -> None:
        self.down += int(response.headers.get("Content-Length") or 0)
        ms = (time.perf_counter() - self._asked_at) * 1000
        self.answers.append(Answered(response.status_code, response.headers.get("Retry-After"), ms))


def sign_in(home: Path, url: str, email: str) -> Laptop:
    """A new laptop whose learner just signed in."""
    accounts = Accounts(Profiles(Home(home)), Device(new_uuid4(), "bench"))
    profile = accounts.sign_in(url, email, PASSWORD)
    return Laptop(accounts.profiles.open(profile), Client(url, Credentials(profile).read()), accounts.device)


def databases(wanted: list[str] | None) -> list[str]:
    """The named databases; without names those that this machine has."""
    if wanted:
        return wanted
    if postgres.programs() is None:
        print("no PostgreSQL on this machine: SQLite only")
        return ["sqlite"]
    return list(DATABASES)


@contextmanager
def schools(kind: str, count: int = 1) -> Iterator[list[School]]:
    """New empty schools on SQLite, or all on one PostgreSQL of their own."""
    with ExitStack() as stack:
        server = (
            stack.enter_context(postgres.running(postgres.programs(), *_POSTGRES)) if kind == "postgresql" else None
        )
        yield [stack.enter_context(_school(server)) for _ in range(count)]


@contextmanager
def _school(server: str | None) -> Iterator[School]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = os.environ | {"LMS_SERVER_DATA": f"{folder}/server"}
        if server is not None:
            environment["LMS_SERVER_DATABASE_URL"] = stack.enter_context(postgres.database(server))
        subprocess.run([*_SERVER, "init"], env=environment, check=True, capture_output=True)
        context = open_server(read_settings(environment))
        stack.callback(context.engine.dispose)
        yield School(folder, context, environment)
