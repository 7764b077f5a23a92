"""A whole world in one process: the real WSGI app on a real database, and laptops with real stores and clients."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, Row, create_engine, event, insert, select, text

from lms_desktop.settings import Device
from lms_desktop.store import profile
from lms_desktop.store.files import Blobs as LaptopBlobs
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner as LaptopLearner
from lms_desktop.store.rows import Place
from lms_desktop.store.store import Store
from lms_desktop.sync.client import Client
from lms_desktop.sync.session import Session
from lms_server.actions.context import Learner, ServerContext
from lms_server.actions.sessions import issue_session
from lms_server.actions.users import NewUser, add_user
from lms_server.content.blobs import Blobs
from lms_server.contract import anchors
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms
from lms_server.database.engine import open_database
from lms_server.database.identity import Identity
from lms_server.database.tables import certificates, courses, jobs, lesson_progress, lessons, parked, receipts, server
from lms_server.database.upgrade import create_schema
from lms_server.web.app import create_app

URL = "http://server.test"


@dataclass
class Course:
    """A course in the server's database; uids by place."""

    uid: str
    slug: str
    lessons: list[str]


class World:
    """One server. ``clock`` can be set; statements are counted by ``counted``."""

    def __init__(self, folder: Path, database: str | Engine | None = None, identity: Identity | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.identity = identity or Identity.new()
        if not isinstance(database, Engine):
            database = open_database(database or f"sqlite:///{folder / 'server.sqlite3'}")
        self.engine = database
        create_schema(self.engine)
        journal = folder / "journal" / "dispatch.jsonl"
        self.context = ServerContext(self.engine, self.identity, Blobs(folder / "blobs"), URL, self.now, journal)
        self.skew_ms = 0
        self.users = {}
        with writing(self.engine) as conn:
            if conn.execute(select(server)).first() is None:
                row = {"server_id": self.identity.server_id, "epoch": new_uuid4(), "name": "Hillside Library"}
                conn.execute(insert(server).values(row))
                anchors.create_stream(conn, anchors.CATALOG)
        self.app = create_app(self.context)

    def now(self) -> int:
        return now_ms() + self.skew_ms

    def close(self) -> None:
        self.engine.dispose()

    def learner(self, email: str = "ana@example.org", name: str = "Ana Moreno") -> Learner:
        user = add_user(self.context, NewUser(email, name))
        self.users[user.uid] = user
        return user.learner

    def token(self, learner: Learner) -> str:
        return issue_session(self.context, self.users[learner.uid], "laptop")

    def course(self, slug: str = "first-aid", count: int = 3, *, published: bool = True, **columns: object) -> Course:
        with writing(self.engine) as conn:
            stream = anchors.lock(conn, anchors.CATALOG)
            uid = new_uuid4()
            row = {"uid": uid, "slug": slug, "title": slug.title(), "is_published": published}
            conn.execute(insert(courses).values(row | columns | {"revision": stream.stamp()}))
            course_id = conn.execute(select(courses.c.id).where(courses.c.uid == uid)).scalar_one()
            course = Course(uid, slug, [])
            for order in range(count):
                course.lessons.append(self._add_lesson(conn, stream, course_id, order))
            stream.save(conn)
        return course

    def add_lesson(self, course: Course) -> str:
        with writing(self.engine) as conn:
            stream = anchors.lock(conn, anchors.CATALOG)
            course_id = conn.execute(select(courses.c.id).where(courses.c.uid == course.uid)).scalar_one()
            uid = self._add_lesson(conn, stream, course_id, len(course.lessons))
            stream.save(conn)
        course.lessons.append(uid)
        return uid

    def _add_lesson(self, conn, stream, course_id: int, order: int) -> str:
        uid = new_uuid4()
        row = {"uid": uid, "course_id": course_id, "title": f"Lesson {order}", "order": order}
        conn.execute(insert(lessons).values(row | {"revision": stream.stamp()}))
        return uid

    def count(self, table) -> int:
        with reading(self.engine) as conn:
            return len(conn.execute(select(table.c.id)).all())

    def certificates(self) -> Sequence[Row[Any]]:
        with reading(self.engine) as conn:
            return conn.execute(select(certificates)).all()

    def jobs(self) -> list[tuple[str, str]]:
        with reading(self.engine) as conn:
            return [tuple(row) for row in conn.execute(select(jobs.c.kind, jobs.c.key))]

    def completed(self, learner: Learner) -> set[str]:
        """The lessons that the server holds as complete."""
        query = select(lessons.c.uid).join_from(lesson_progress, lessons)
        query = query.where(lesson_progress.c.user_id == learner.id, lesson_progress.c.completed_at.is_not(None))
        with reading(self.engine) as conn:
            return set(conn.execute(query).scalars())

    def parked(self) -> list[str]:
        with reading(self.engine) as conn:
            return list(conn.execute(select(parked.c.code)).scalars())

    def receipts(self) -> list[tuple[str, str]]:
        with reading(self.engine) as conn:
            return [tuple(row) for row in conn.execute(select(receipts.c.command_id, receipts.c.code))]


class Lossy(httpx.BaseTransport):
    """The way to the server; a test decides what it does to the next answers."""

    def __init__(self, app) -> None:
        self._inner = httpx.WSGITransport(app, raise_app_exceptions=True)
        # Called with each answer; returns what arrives, or raises.
        self.twist = None
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        response = self._inner.handle_request(request)
        if self.twist is None:
            return response
        body = b"".join(response.stream)
        headers = [(k, v) for k, v in response.headers.raw if k.lower() != b"content-length"]
        return self.twist(httpx.Response(response.status_code, headers=headers, content=None, stream=_Bytes(body)))


class _Bytes(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self):
        yield self.body


def lost(_response: httpx.Response) -> httpx.Response:
    """The server did its work, and nobody hears of it."""
    raise httpx.ReadError("the connection broke")


@dataclass
class Laptop:
    """One profile on one laptop."""

    world: World
    learner: Learner | None
    folder: Path
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        who = self.learner
        owner = LaptopLearner(who.uid, who.name, who.email) if who else LaptopLearner(None, "", "")
        place = Place(self.world.identity.server_id, URL, "Hillside Library")
        profile.create(self.folder, Owner(place, "", owner))
        self.store = Store(self.folder, LaptopBlobs(self.folder.parent / "blobs"))
        self.transport = Lossy(self.world.app)
        self.token = self.world.token(who) if who else None

    def close(self) -> None:
        self.store.close()

    def session(self) -> Session:
        client = Client(URL, self.token, self.transport)
        session = Session(self.store, client, Device(new_uuid4(), "laptop"))
        # Papers are another test's business.
        session.fetch_certificates = lambda: None
        return session

    def sync(self):
        return self.session().run()

    def study(self, course: Course, *places: int) -> list[str]:
        return [self.store.complete(course.lessons[place]) for place in places]


def command(kind: str, target: str, command_id: str | None = None, **fields: object) -> dict[str, object]:
    """A command as it travels."""
    key = "course" if kind == "enroll" else "lesson"
    made: dict[str, object] = {"made_at": "2026-11-22T10:00:00.000Z"}
    return {"id": command_id or new_uuid7(), "kind": kind, key: target} | (fields or made)


class Counted:
    """Counts an engine's statements; a batch of parameters is one."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.statements: list[str] = []

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_exc: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _conn, _cursor, statement, _parameters, _context, _many) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)


def rows_of(path: Path, table: str) -> Sequence[Row[Any]]:
    """A SQLite file's rows, past all code."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as conn:
            return conn.execute(text(f"SELECT * FROM {table}")).all()
    finally:
        engine.dispose()
