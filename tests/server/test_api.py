"""The API as a desktop sees it: who the server is, signing in, one exchange."""

import base64
import gzip
import hashlib
import json

import msgspec
import pytest
from falcon import testing
from sqlalchemy import select

from lms_server.actions.users import disable_user
from lms_server.contract.sqlite import reading
from lms_server.database.tables import users
from lms_server.web.app import Parts, create_app
from lms_server.web.throttle import Throttle
from tests.server.conftest import PASSWORD, Client, made


def digest(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def test_the_server_says_who_it_is(guest):
    facts = guest.get("/api/v1/server").json
    assert facts["server_id"] == guest.context.identity.server_id
    assert facts["name"] == "Hillside Library"
    assert facts["protocol"] == {"min": 1, "max": 1}
    assert facts["registration"] == "open"
    assert facts["limits"] == {
        "commands": 2000,
        "request_bytes": 2 << 20,
        "json_depth": 8,
        "json_values": 100_000,
        "string_bytes": 4096,
        "time_characters": 64,
        "unknown_command_characters": 16_384,
        "request_s": 60,
    }


def test_signing_in_and_out(guest, ana):
    assert ana.sync().status_code == 200
    assert ana.call("DELETE", "/api/v1/sessions/current").status_code == 204
    answer = ana.sync()
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
    assert ana.call("DELETE", "/api/v1/sessions/current").status_code == 401


def test_a_wrong_password_and_an_unknown_address_answer_in_equal_bytes(guest):
    answers = [
        guest.post("/api/v1/sessions", {"email": email, "password": "wrong"})
        for email in ("ana@example.org", "nobody@example.org", "no address", "x" * 4000)
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert answers[0].json["code"] == "bad_credentials"
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


def test_a_disabled_account_hears_it_only_after_a_right_password(guest, ana):
    disable_user(guest.context, "ana@example.org")
    wrong = guest.post("/api/v1/sessions", {"email": "ana@example.org", "password": "wrong"})
    right = guest.post("/api/v1/sessions", {"email": "ana@example.org", "password": PASSWORD})
    assert (wrong.status_code, wrong.json["code"]) == (401, "bad_credentials")
    assert (right.status_code, right.json["code"]) == (403, "account_disabled")
    assert (ana.sync().status_code, ana.sync().json["code"]) == (403, "account_disabled")


def test_guessing_is_slowed_down_and_the_owner_elsewhere_is_not_locked_out(context):
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for _ in range(8):
        assert throttle.take("ana", "10.0.0.1") == 0
    wait_s = throttle.take("ana", "10.0.0.1")
    assert wait_s > 0
    assert throttle.take("ana", "10.0.0.2") == 0
    assert throttle.take("ben", "10.0.0.1") == 0
    now[0] += wait_s
    assert throttle.take("ana", "10.0.0.1") == 0


def test_a_room_of_laptops_behind_one_address_signs_in(guest):
    for _ in range(20):
        assert guest.post("/api/v1/sessions", {"email": "ana@example.org", "password": PASSWORD}).status_code == 201


def test_too_many_wrong_passwords_answer_429_with_a_time(guest):
    answers = [guest.post("/api/v1/sessions", {"email": "ana@example.org", "password": "x"}) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [401] * 8 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert guest.post("/api/v1/sessions", {"email": "ana@example.org", "password": PASSWORD}).status_code == 429
    assert guest.post("/api/v1/sessions", {"email": "ben@example.org", "password": PASSWORD}).status_code == 201


def test_registration_makes_a_learner_whatever_else_is_sent(guest):
    wanted = {"email": "new@example.org", "name": "New", "password": "long enough", "role": "admin", "uid": "x"}
    answer = guest.post("/api/v1/users", wanted)
    assert answer.status_code == 201
    assert answer.json["user"]["role"] == "learner"
    with reading(guest.context.engine) as conn:
        assert conn.execute(select(users.c.role).where(users.c.email == "new@example.org")).scalar_one() == "learner"
    again = guest.post("/api/v1/users", wanted)
    assert (again.status_code, again.json["code"]) == (409, "email_taken")
    short = guest.post("/api/v1/users", wanted | {"email": "b@example.org", "password": "short"})
    assert (short.status_code, short.json["code"]) == (422, "bad_password")


def test_a_class_registers_from_one_address(guest):
    for number in range(10):
        wanted = {"email": f"learner{number}@example.org", "name": "New", "password": "long enough"}
        assert guest.post("/api/v1/users", wanted).status_code == 201


def test_new_accounts_are_counted_by_address_and_stop_no_sign_in():
    throttle = Throttle(clock=lambda: 0.0)
    while not throttle.take_account("10.0.0.1"):
        pass
    assert throttle.take_account("10.0.0.2") == 0
    assert throttle.take("ana", "10.0.0.1") == 0


def test_a_closed_server_takes_no_registrations(context):
    client = Client(testing.TestClient(create_app(context, Parts())), context)
    answer = client.post("/api/v1/users", {"email": "n@example.org", "name": "N", "password": "long enough"})
    assert (answer.status_code, answer.json["code"]) == (403, "registration_closed")
    assert client.get("/api/v1/server").json["registration"] == "closed"


def test_an_exchange_carries_its_digest_with_and_without_gzip(ana):
    plain = ana.sync()
    assert plain.headers["content-digest"] == digest(plain.content)
    envelope = {"v": 1, "request_id": "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80", "user": ana.uid}
    envelope |= {"server_id": ana.context.identity.server_id, "sent_at": "2026-11-22T10:00:00.000Z"}
    body = gzip.compress(json.dumps(envelope).encode())
    headers = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip", "Content-Digest": digest(body)}
    packed = ana.call("POST", "/api/v1/sync", body, headers)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-digest"] == digest(packed.content)
    refused = ana.call("POST", "/api/v1/sync", body, headers | {"Accept-Encoding": "identity, gzip;q=0"})
    assert "content-encoding" not in refused.headers
    answer = json.loads(gzip.decompress(packed.content))
    assert answer["request_id"] == envelope["request_id"]
    assert [row["slug"] for row in answer["changes"]["courses"]] == ["first-aid"]


def test_a_guest_sees_the_catalog_and_sends_nothing(guest, course):
    answer = guest.sync()
    assert answer.json["user"] is None
    refused = guest.sync(made("enroll", course=course["uid"]))
    assert (refused.status_code, refused.json["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"v": 2}, 426, "update_needed"),
        ({"server_id": "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"}, 409, "wrong_server"),
        ({"user": "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"}, 403, "wrong_user"),
        ({"commands": [{}] * 2001}, 413, "too_many_commands"),
    ],
)
def test_an_envelope_that_is_not_for_us_changes_nothing(ana, course, change, status, code):
    answer = ana.sync(made("enroll", course=course["uid"]), **change)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["server_id"] == ana.context.identity.server_id
    assert ana.sync().json["changes"]["enrollments"] == []


@pytest.mark.parametrize("envelope", [{"v": 2}, {"v": 2, "sent_at": {"wall": 7}, "commands": {}}, {"v": 0, "user": 5}])
def test_an_envelope_of_another_version_may_look_like_anything(ana, envelope):
    answer = ana.post("/api/v1/sync", envelope)
    assert (answer.status_code, answer.json["code"]) == (426, "update_needed")


def test_another_learner_s_command_id_is_nobody_s_business(ana, ben, course):
    command = made("enroll", course=course["uid"])
    assert ana.sync(command).json["results"][0]["outcome"] == "applied"
    assert ben.sync(command).json["results"][0]["outcome"] == "applied"


def test_the_description_names_every_route(app, guest):
    document = guest.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    for path in document["paths"]:
        uri = f"/api/v1{path}".replace("{sha256}", "0" * 64).replace("{uuid}", "0")
        assert app._router.find(uri) is not None, path
    assert "SyncAnswer" in document["components"]["schemas"]
    msgspec.json.encode(document)


def test_probes(guest, miriam):
    assert guest.get("/healthz").status_code == guest.get("/api/v1/readyz").status_code == 200
    assert guest.get("/metrics").status_code == 200
    assert guest.get("/metrics", X_Forwarded_For="203.0.113.9").status_code == 404
    assert miriam.get("/metrics", X_Forwarded_For="203.0.113.9").status_code == 200
    assert guest.wsgi.simulate_get("/metrics", remote_addr="203.0.113.9").status_code == 404
