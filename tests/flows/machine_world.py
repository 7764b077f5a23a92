"""The machine's server and laptops: the real app and the real stores, on databases in memory."""

import io
import shutil
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import cast

import httpx
import msgspec
from isal import isal_zlib
from sqlalchemy import bindparam, event, insert, select
from sqlalchemy.exc import InvalidRequestError

from lms_desktop.settings import Device
from lms_desktop.store import ballast
from lms_desktop.store import profile as profiles
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE, LOCK
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.store import Store
from lms_desktop.sync.beside import at_once
from lms_desktop.sync.client import Client
from lms_desktop.sync.session import Session
from lms_server.actions.refusals import Refused
from lms_server.actions.sessions import issue_session
from lms_server.actions.users import NewUser, add_user, find_user
from lms_server.certificates.signing import sign_facts
from lms_server.contract import anchors
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import writing
from lms_server.contract.times import to_wire
from lms_server.database.identity import Identity
from lms_server.database.tables import courses, lessons
from lms_server.database.upgrade import create_schema
from tests.flows.machine_memory import Clock, Content, Instead, Memory, seeded
from tests.flows.machine_postgres import Postgres
from tests.world import URL, Course, World

IDENTITY = Identity("5e4fe4a0-0000-4000-8000-000000000001", b"s" * 32, b"k" * 32)
PEOPLE = (("ana@example.org", "Ana Moreno"), ("bo@example.org", "Bo Lindqvist"), ("chi@example.org", "Chi Okafor"))
LAPTOP = Device("de71ce00-0000-4000-8000-000000000001", "laptop")
# How many lessons the courses have that a schedule begins with, and how many rows a revision held when they came.
SHELVES = [(counts, rows) for counts in ((1,), (2,), (2,), (3,), (1, 2), (2, 2)) for rows in (1, 500)]
_COURSE = select(courses.c.id).where(courses.c.uid == bindparam("uid_"))
_LESSONS = select(lessons.c.uid).where(lessons.c.course_id == bindparam("course"))
_NEW_COURSE = insert(courses).returning(courses.c.id)
_NEW_LESSON = insert(lessons)
# What lies in a profile's folder and isn't copied: the database is in memory, the lock is this process's.
_NOT_COPIED = {DATABASE, LOCK}


@dataclass(eq=False)
class Reply:
    """An answer as bytes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @cached_property
    def decoded(self) -> bytes:
        """The body without its gzip."""
        return _decoded(self)

    @cached_property
    def answer(self) -> dict:
        return msgspec.json.decode(self.decoded)


@dataclass(eq=False)
class Request:
    """A request as bytes; it can be delivered again at any time."""

    path: str
    body: bytes
    headers: dict[str, str]

    @cached_property
    def asked(self) -> dict:
        """What stands in it."""
        return msgspec.json.decode(_decoded(self))


def _decoded(message: Reply | Request) -> bytes:
    encoding = {name.lower(): value for name, value in message.headers.items()}.get("content-encoding")
    return isal_zlib.decompress(message.body, wbits=31) if encoding == "gzip" else message.body


class Server(World):
    """One server for all schedules of a process; ``load`` makes it new again."""

    def __init__(self, folder: Path, address: str | None) -> None:
        self.clock = Clock()
        self.memory = Memory() if address is None else Postgres(address)
        # Where a backup's database lies until it is put in.
        self.spare = Memory()
        self.mail_journal = folder / "journal" / "dispatch.jsonl"
        self.mail_journal.parent.mkdir(parents=True)
        create_schema(self.spare.engine)
        super().__init__(folder, self.memory.engine, IDENTITY)

    def now(self) -> int:
        return self.clock()

    def sign_in(self, index: int) -> str:
        """A token of this learner, whose account is made again if it was lost."""
        email, name = PEOPLE[index]
        self.memory.run("UPDATE users SET disabled_at = NULL WHERE email = ?", email)
        try:
            user = find_user(self.context, email)
        except Refused:
            user = add_user(self.context, NewUser(email, name))
        return issue_session(self.context, user, "laptop")

    def signed_in(self, index: int, token: str) -> str:
        """This token if it still opens this learner's account, else a new one."""
        query = (
            "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id"
            " WHERE s.token_sha256 = ? AND s.revoked_at IS NULL AND u.disabled_at IS NULL AND u.email = ?"
        )
        key = sha256(token.encode()).hexdigest()
        return token if self.memory.all(query, key, PEOPLE[index][0]) else self.sign_in(index)

    def keep_course(self, course: Course, *, published: bool = True) -> None:
        """What an import does: the course and its lessons are there, with these uids, and not removed."""
        with writing(self.engine) as conn:
            stream = anchors.lock(conn, anchors.CATALOG)
            course_id = conn.execute(_COURSE, {"uid_": course.uid}).scalar_one_or_none()
            if course_id is None:
                row = {"uid": course.uid, "slug": course.slug, "title": course.slug.title(), "is_published": published}
                course_id = conn.execute(_NEW_COURSE, row | {"revision": stream.stamp()}).scalar_one()
            there = set(conn.execute(_LESSONS, {"course": course_id}).scalars())
            for order, uid in enumerate(course.lessons):
                if uid not in there:
                    row = {"uid": uid, "course_id": course_id, "title": f"Lesson {order}", "order": order}
                    conn.execute(_NEW_LESSON, row | {"revision": stream.stamp()})
            stream.save(conn)

    def call(self, request: Request) -> Reply:
        """Deliver a request to the app."""
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/api/v1{request.path}",
            "QUERY_STRING": "",
            "SERVER_NAME": "server.test",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": io.StringIO(),
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        told: list = []
        chunks = self.app(environ, lambda status, headers, *_: told.extend((status, headers)))
        return Reply(int(told[0][:3]), dict(told[1]), b"".join(chunks))


class Arrived:
    """What a client sees of an answer that streams in."""

    def __init__(self, reply: Reply) -> None:
        self.status_code = reply.status
        self.headers = httpx.Headers(reply.headers)
        self._body = reply.body

    def iter_raw(self, _size: int):
        yield self._body


class Wire:
    """Stands where a client has its connections; ``carry`` takes a request and brings an answer, or raises."""

    def __init__(self) -> None:
        self.carry: Callable[[Request], Reply] | None = None
        self.token: str | None = None

    @contextmanager
    def stream(self, _method: str, path: str, content: bytes = b"", headers: dict[str, str] | None = None):
        sent = dict(headers or {}) | {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        yield Arrived(self.carry(Request(path, content, sent)))


class Slot:
    """Room for one profile: a folder for its files, its database in memory, and its connection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = Memory()
        self.wire = Wire()
        self.client = Client(URL, None, httpx.MockTransport(lambda _request: httpx.Response(500)))
        self.client._http = cast("httpx.Client", self.wire)
        self.store: Store | None = None
        self.clear()

    def open(self, now: Callable[[], int]) -> None:
        """The store on what lies here now. One that is open is used again, which costs a tenth of opening it."""
        self.now = now
        if self.store is None:
            self.store = Store(self.folder, Blobs(self.folder / "blobs"), self._time)
        else:
            self.store.read_owner()
            self.store.second_copy.open()

    def _time(self) -> int:
        return self.now()

    def close(self) -> None:
        if self.store is not None:
            self.store.close()
            # The engine outlives this store, and would keep it.
            with suppress(InvalidRequestError):
                event.remove(self.memory.engine, "handle_error", self.store.database._hear_error)
            self.store = None

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / DATABASE).touch()

    def read(self) -> dict[str, bytes]:
        """The files beside the database."""
        return {name: (self.folder / name).read_bytes() for name in self._names()}

    def write(self, files: dict[str, bytes]) -> None:
        """These files, and no others, beside the database."""
        for name in self._names() - files.keys():
            (self.folder / name).unlink()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def _names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - _NOT_COPIED


@dataclass(frozen=True)
class Disk:
    """A copy of a profile as a backup or a cloned disk holds it."""

    who: int | None
    database: Content
    files: dict[str, bytes]
    made: dict[str, tuple[str, str]]
    acked: frozenset[str]
    shown: frozenset[str]


@dataclass
class Profile:
    """One learner's profile on one laptop, and what the machine remembers of it."""

    slot: Slot
    who: int | None
    clock: Clock
    offset: int = 0
    # Commands said to be saved here, with kind and target; those that an answer settled; completions once shown.
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    acked: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def now(self) -> int:
        return self.clock() + self.offset

    @property
    def store(self) -> Store:
        return self.slot.store

    def session(self, limit: int) -> Session:
        session = Session(self.store, self.slot.client, LAPTOP, beside=at_once, _limit=limit)
        # Papers are another test's business.
        session.fetch_certificates = lambda: None
        return session

    def save(self) -> Disk:
        parts = dict(self.made), frozenset(self.acked), frozenset(self.shown)
        return Disk(self.who, self.slot.memory.save(), self.slot.read(), *parts)

    def load(self, disk: Disk) -> None:
        """What a restored disk holds is all there is."""
        self.slot.write(disk.files)
        self.slot.memory.load(disk.database)
        self.who = disk.who
        self.made, self.acked, self.shown = dict(disk.made), set(disk.acked), set(disk.shown)
        self.slot.open(self.now)


@dataclass(frozen=True)
class Shelf:
    """What a schedule may begin with: a server with these courses, and laptops that have just heard of them."""

    server: Content
    courses: tuple[Course, ...]
    disks: dict[int | None, Disk]


class Shop:
    """All that outlives a schedule: the server, the slots, and what they look like when they are new."""

    def __init__(self, folder: Path, address: str | None = None, slots: int = 6) -> None:
        self.server = Server(folder / "server", address)
        self.clock = self.server.clock
        self.slots = [Slot(folder / f"slot{index}") for index in range(slots)]
        self._by_file = {slot.folder / DATABASE: slot.memory for slot in self.slots}
        self.opening = Instead(profiles, "open_sqlite", lambda path: self._by_file[path].engine)
        self.tokens = [self.server.sign_in(index) for index in range(len(PEOPLE))]
        self.server_content = self.server.memory.save()
        self.uids = self.server.memory.column("SELECT uid FROM users ORDER BY id")
        owners = (*range(len(PEOPLE)), *[None] * slots)
        made = [self._make(slot, who) for slot, who in zip(self.slots, owners, strict=False)]
        self.fresh = {disk.who: disk for disk in made}
        for memory in (self.server.memory, self.server.spare, *(slot.memory for slot in self.slots)):
            memory.be_quick()
        with self.opening, Instead(ballast, "take_on", lambda _folder: None):
            self.shelves = [self._fill(*shelf) for shelf in SHELVES]

    def close(self) -> None:
        for slot in self.slots:
            slot.close()
            slot.memory.close()
        self.server.memory.close()
        self.server.spare.close()

    def forged(self, user: str, course: str, title: str, issued_at: int) -> str:
        """A certificate signed with another key."""
        facts = {
            "uuid": IDENTITY.certificate_uuid(user, course),
            "server": IDENTITY.server_id,
            "issuer": "Hillside Library",
            "user": user,
            "learner_name": "Ana Moreno",
            "course": course,
            "course_title": title,
            "lessons": 1,
            "completed_at": to_wire(issued_at),
            "issued_at": to_wire(issued_at),
            "language": "en",
            "direction": "ltr",
            "address": URL,
        }
        return sign_facts(b"f" * 32, facts)

    def _fill(self, counts: tuple[int, ...], rows: int) -> Shelf:
        self.server.memory.load(self.server_content)
        with seeded(Random(f"{counts} {rows}"), self.clock), Instead(anchors, "ROWS_A_REVISION", rows):
            courses = [
                Course(new_uuid4(), f"course-{place}", [new_uuid4() for _ in range(count)])
                for place, count in enumerate(counts)
            ]
            for course in courses:
                self.server.keep_course(course)
            content = self.server.memory.save()
            return Shelf(content, tuple(courses), {who: self._synced(disk) for who, disk in self.fresh.items()})

    def _synced(self, disk: Disk) -> Disk:
        slot = self.slots[0]
        profile = Profile(slot, disk.who, self.clock)
        profile.load(disk)
        slot.wire.carry, slot.wire.token = self.server.call, None if disk.who is None else self.tokens[disk.who]
        profile.session(2000).run()
        slot.wire.carry = None
        return profile.save()

    def _make(self, slot: Slot, who: int | None) -> Disk:
        email, name = PEOPLE[who] if who is not None else ("", "")
        learner = Learner(None if who is None else self.uids[who], name, email)
        with self.opening:
            profiles.create(slot.folder, Owner(Place(IDENTITY.server_id, URL, "Hillside Library"), "", learner))
        return Disk(who, slot.memory.save(), slot.read(), {}, frozenset(), frozenset())
