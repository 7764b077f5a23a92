"""A small real server with one learner whose certificate was just issued."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from lms_server.actions.context import ServerContext
from lms_server.actions.work import build_worker
from lms_server.certificates.signing import sign_facts
from lms_server.content.blobs import Blobs
from lms_server.contract import anchors
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import to_wire
from lms_server.database.engine import open_database
from lms_server.database.identity import Identity
from lms_server.database.tables import certificates, courses, jobs, server, users
from lms_server.database.upgrade import create_schema
from lms_server.jobs.journal import Journal
from lms_server.jobs.queue import enqueue_all
from tests.jobs.smtp import Script, ScriptedServer

NOW = 1_795_000_000_000
COURSE = "2190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"


@dataclass
class Place:
    """A server's folder and database, with a clock that tests move."""

    folder: Path
    url: str
    identity: Identity = field(
        default_factory=lambda: Identity("0190a5b4-7c1e-4a52-9d4e-3f1b5c6a7d80", b"s" * 32, bytes(range(32)))
    )
    now: int = NOW

    def __post_init__(self):
        self.engine = open_database(self.url)
        blobs = Blobs(self.folder / "blobs")
        self.context = ServerContext(self.engine, self.identity, blobs, "https://hillside.example", lambda: self.now)
        self.mails = self.folder / "mail"
        self.journal = Journal(self.folder / "journal" / "dispatch.jsonl")

    def set_up(self):
        create_schema(self.engine)
        with writing(self.engine) as conn:
            conn.execute(insert(server).values(server_id=self.identity.server_id, epoch=COURSE, name="Hillside"))
            conn.execute(insert(courses).values(id=1, uid=COURSE, title="First aid", slug="first-aid"))
        return self

    def issue(self, number=1, email=None, name="Ana María"):
        """Store a certificate with its two jobs, as the winner of the unique key does."""
        email = email or ("ana@example.org" if number == 1 else f"ana{number}@example.org")
        user = f"{number:08d}-7c1e-8a52-9d4e-3f1b5c6a7d80"
        uuid = self.identity.certificate_uuid(user, COURSE)
        facts = {
            "uuid": uuid,
            "server": self.identity.server_id,
            "issuer": "Hillside Library",
            "user": user,
            "learner_name": name,
            "course": COURSE,
            "course_title": "First aid",
            "lessons": 14,
            "completed_at": to_wire(NOW),
            "issued_at": to_wire(NOW),
            "language": "en",
            "direction": "ltr",
            "address": "https://hillside.example",
        }
        row = {"user_id": number, "course_id": 1, "uuid": uuid, "learner_name": name, "course_title": "First aid"}
        row |= {"completed_at": NOW, "issued_at": NOW, "payload": sign_facts(self.identity.signing_key, facts)}
        with writing(self.engine) as conn:
            conn.execute(insert(users).values(id=number, uid=user, name=name, email=email, email_key=email))
            anchors.create_stream(conn, user)
            conn.execute(insert(certificates).values(row))
            for kind in ("certificate_pdf", "certificate_email"):
                enqueue_all(conn, [(kind, uuid, {"certificate": uuid}, NOW)])
        return uuid

    @property
    def living(self):
        return self.folder / "workers"

    def worker(self, mail_url=None):
        """A worker whose time stands still until a test moves it."""
        return build_worker(
            self.context,
            mail_url or f"maildir://{self.mails}",
            self.folder / "journal" / "dispatch.jsonl",
            lambda: self.now,
            self.living,
        )

    def job(self, uuid, kind="certificate_email"):
        with reading(self.engine) as conn:
            return conn.execute(select(jobs).where(jobs.c.key == uuid, jobs.c.kind == kind)).one()

    def message(self, uuid):
        return json.loads(self.job(uuid).payload)["mail"]

    def expire_leases(self):
        with writing(self.engine) as conn:
            conn.execute(update(jobs).where(jobs.c.state == "sending").values(lease_until=0))

    def delivered(self):
        folder = self.mails / "new"
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path, f"sqlite:///{tmp_path / 'server.sqlite3'}").set_up()
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_place(request, tmp_path):
    """The same on both databases."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'server.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url").replace("+psycopg", "")
    made = Place(tmp_path, url).set_up()
    yield made
    made.engine.dispose()


@pytest.fixture
def mail_server():
    """A mail server that takes everything until its script says otherwise."""
    running = ScriptedServer(Script())
    running.start()
    yield running
    running.stop()
