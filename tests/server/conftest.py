"""A server of the test's own: a data folder, a small course, two people, and a client that speaks WSGI in process."""

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from falcon import testing

from lms_server.actions.context import ServerContext
from lms_server.actions.course_import import import_course
from lms_server.actions.installation import install, open_server
from lms_server.actions.users import NewUser, Role, add_user
from lms_server.content.read import read_course
from lms_server.contract.times import now_ms, to_wire
from lms_server.settings import Registration, Settings, read_settings
from lms_server.web.app import Parts, create_app

PASSWORD = "correct horse"
COURSE = """
format = 1
slug = "first-aid"
title = "First aid"
summary = "Until <help> arrives."
cover = "assets/cover.png"
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)
LESSONS = {
    "01-check.md": "---\ntitle: Check\npreview: true\n---\nLook. ![Cover](../assets/cover.png)\n",
    "02-call.md": "---\ntitle: Call\nattachments: [assets/a.txt]\n---\nCall for help.\n",
}


@dataclass
class Client:
    """Speaks to the server as a desktop does; signed in or not."""

    wsgi: testing.TestClient
    context: ServerContext
    token: str | None = None
    uid: str | None = None

    def get(self, path, **headers):
        return self.call("GET", path, headers=headers)

    def post(self, path, document, **headers):
        return self.call("POST", path, json.dumps(document).encode(), headers)

    def call(self, method, path, body=None, headers=None):
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        return self.wsgi.simulate_request(method, path, body=body, headers=sent)

    def sync(self, *commands, **changes):
        envelope = {
            "v": 1,
            "request_id": str(uuid.uuid4()),
            "server_id": self.context.identity.server_id,
            "user": self.uid,
            "sent_at": to_wire(now_ms()),
            "commands": list(commands),
        }
        return self.post("/api/v1/sync", envelope | changes)


def made(kind, **what):
    """A command as a desktop makes it."""
    return {"id": str(uuid.uuid4()), "kind": kind, "made_at": to_wire(now_ms()), **what}


def write_course(folder: Path, description=COURSE, lessons=LESSONS) -> Path:
    (folder / "lessons").mkdir(parents=True, exist_ok=True)
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "course.toml").write_text(description)
    (folder / "assets/cover.png").write_bytes(PNG)
    (folder / "assets/a.txt").write_text("only for those enrolled")
    for name, text in lessons.items():
        (folder / "lessons" / name).write_text(text)
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Path:
    """The data folder that every test gets a copy of."""
    folder = tmp_path_factory.mktemp("made")
    context = install(read_settings({}, folder / "server"), "Hillside Library")
    add_user(context, NewUser("ana@example.org", "Ana Moreno", PASSWORD))
    add_user(context, NewUser("ben@example.org", "Ben <b>", PASSWORD))
    add_user(context, NewUser("miriam@example.org", "Miriam Okafor", PASSWORD, Role.ADMIN))
    import_course(context, read_course(write_course(folder / "package")), publish=True)
    context.engine.dispose()
    return folder / "server"


@pytest.fixture
def settings(tmp_path, made_once) -> Settings:
    shutil.copytree(made_once, tmp_path / "server")
    return read_settings({}, tmp_path / "server")


@pytest.fixture
def context(settings) -> Iterator[ServerContext]:
    context = open_server(settings)
    yield context
    context.engine.dispose()


@pytest.fixture
def app(context):
    return create_app(context, Parts(registration=lambda: Registration.OPEN))


@pytest.fixture
def guest(app, context) -> Client:
    return Client(testing.TestClient(app), context)


def signed_in(guest, email) -> Client:
    answer = guest.post("/api/v1/sessions", {"email": email, "password": PASSWORD, "device": "laptop"})
    assert answer.status_code == 201, answer.text
    return Client(guest.wsgi, guest.context, answer.json["token"], answer.json["user"]["uid"])


@pytest.fixture
def ana(guest) -> Client:
    return signed_in(guest, "ana@example.org")


@pytest.fixture
def ben(guest) -> Client:
    return signed_in(guest, "ben@example.org")


@pytest.fixture
def miriam(guest) -> Client:
    return signed_in(guest, "miriam@example.org")


@pytest.fixture
def course(guest):
    """The course's row and its lessons' rows, as a guest's desktop sees them."""
    changes = guest.sync().json["changes"]
    return changes["courses"][0] | {"lessons": sorted(changes["lessons"], key=lambda row: row["order"])}


@pytest.fixture
def certificate(ana, course):
    """Ana's certificate of the course."""
    done = [made("complete_lesson", lesson=lesson["uid"]) for lesson in course["lessons"]]
    answer = ana.sync(made("enroll", course=course["uid"]), *done).json
    assert {result["code"] for result in answer["results"]} == {"ok"}
    return answer["changes"]["certificates"][0]
