"""What strangers and broken laptops send: refused with a reason, never a 500, nothing stored."""

import gzip
import json
import tracemalloc
import uuid
import zlib

import pytest

from lms_server.contract.times import now_ms, to_wire
from lms_server.sync.parked import sweep
from tests.server.conftest import made

SYNC = "/api/v1/sync"


def envelope(client, **changes):
    return {
        "v": 1,
        "request_id": str(uuid.uuid4()),
        "server_id": client.context.identity.server_id,
        "user": client.uid,
        "sent_at": to_wire(now_ms()),
        "commands": [],
    } | changes


NOT_JSON = {
    "nothing": b"",
    "cut": b'{"v":1,',
    "not an object": b"[]",
    "a number": b"7",
    "NaN": b'{"v":NaN}',
    "Infinity": b'{"v":-Infinity}',
    "overflowing": b'{"v":1e999}',
    "the same key twice": b'{"v":1,"v":1}',
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "nested 9 deep": b'{"v":' + b"[" * 9 + b"]" * 9 + b"}",
    "5,000 digits": b'{"v":' + b"9" * 5000 + b"}",
    "2^53": b'{"v":9007199254740992}',
    "a minus and 2^63": b'{"v":-9223372036854775809}',
    "NUL": b'{"v":"\\u0000"}',
    "half a surrogate pair": b'{"v":"\\ud800"}',
    "not UTF-8": b'{"v":"\xff"}',
    "UTF-16": '{"v":1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"v":1}',
    "a long text": b'{"v":"' + b"x" * 5000 + b'"}',
    "a long key": b'{"' + b"x" * 5000 + b'":1}',
    "two documents": b'{"v":1}{"v":1}',
    "690,000 empty objects": b"[" + b"{}," * 690_000 + b"{}]",
    "200,000 keys": b"{" + b",".join(b'"%x":1' % key for key in range(200_000)) + b"}",
}


MANY = ("690,000 empty objects", "200,000 keys")


@pytest.mark.parametrize("what", MANY)
def test_reading_what_is_refused_takes_little_memory(guest, what):
    tracemalloc.start()
    try:
        answer = guest.call("POST", SYNC, NOT_JSON[what])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json["code"]) == (400, "bad_json")
    assert peak < 32 << 20


@pytest.mark.parametrize("path", [SYNC, "/api/v1/sessions", "/api/v1/users", "/api/v1/blobs/fetch"])
@pytest.mark.parametrize("what", [name for name in NOT_JSON if name not in MANY])
def test_what_is_not_json_as_we_take_it(guest, path, what):
    answer = guest.call("POST", path, NOT_JSON[what])
    assert (answer.status_code, answer.json["code"]) == (400, "bad_json")
    assert answer.json["server_id"] == guest.context.identity.server_id


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_other_content_types_are_refused(ana, kind):
    answer = ana.call("POST", SYNC, json.dumps(envelope(ana)).encode(), {"Content-Type": kind})
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_type")


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": str(uuid.uuid4()).upper()},
        {"request_id": "{" + str(uuid.uuid4()) + "}"},
        {"request_id": "urn:uuid:" + str(uuid.uuid4())},
        {"request_id": uuid.uuid4().hex},
        {"server_id": None},
        {"user": "me"},
        {"sent_at": "yesterday"},
        {"sent_at": "2026-11-22T10:00:00"},
        {"sent_at": "2026-W47-1T10:00:00Z"},
        {"sent_at": "20261122T100000Z"},
        {"sent_at": "2026-11-22T10Z"},
        {"sent_at": "2026-11-22T10:00:00+05:30:10"},
        {"sent_at": 1},
        {"commands": {}},
        {"commands": None},
        {"v": "1"},
        {"v": 1.5},
        {"after": []},
        {"after": {"me": 1}},
        {"device": 7},
    ],
)
def test_envelopes_of_another_shape(ana, changes):
    answer = ana.call("POST", SYNC, json.dumps(envelope(ana, **changes)).encode())
    assert (answer.status_code, answer.json["code"]) == (400, "bad_json")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        [],
        {},
        {"id": 1},
        {"id": "x", "kind": "enroll"},
        {"kind": "enroll", "course": "x"},
        made("enroll"),
        made("enroll", course="FIRST"),
        made("complete_lesson", lesson=str(uuid.uuid4()).upper()),
        made("enroll", course=str(uuid.uuid4())) | {"made_at": "soon"},
        made("enroll", course=str(uuid.uuid4())) | {"made_at": None},
        made("keep_certificate", payload="forged"),
        made("keep_certificate"),
        made("", x=1),
        made("x" * 65),
    ],
)
def test_one_bad_command_never_stops_its_neighbours(ana, course, bad):
    good = made("enroll", course=course["uid"])
    results = ana.sync(bad, good).json["results"]
    assert (results[0]["outcome"], results[0]["code"]) == ("rejected", "malformed")
    assert (results[1]["id"], results[1]["outcome"]) == (good["id"], "applied")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000+14:00", "9999-12-31T23:59:59.999-14:00"])
@pytest.mark.parametrize("name", ["at", "made_at"])
def test_times_that_have_no_spelling_in_utc_are_as_early_or_late_as_can_be(ana, course, time, name):
    wanted = [
        made("enroll", course=course["uid"]) | {"made_at": None, name: time},
        made("enroll", course=str(uuid.uuid4())) | {"made_at": None, name: time},
        made("dance") | {"made_at": None, name: time},
    ]
    for changes in ({}, {"sent_at": time}):
        answer = ana.sync(*wanted, **changes)
        assert answer.status_code == 200
        assert {result["outcome"] for result in answer.json["results"]} <= {"applied", "parked", "duplicate"}
    # What is stored can be told again, by the sweep too.
    answer = ana.sync(after={"catalog": None, "me": None})
    assert [row["course"] for row in answer.json["changes"]["enrollments"]] == [course["uid"]]
    assert sweep(ana.context) == 0


@pytest.mark.parametrize("anchor", ["x", "", "AAAA", "=" * 24, "é", "A" * 4000, "_" * 22])
def test_anchors_that_no_server_made_mean_a_snapshot(ana, anchor):
    answer = ana.sync(after={"catalog": anchor, "me": anchor})
    assert answer.json["known"] == {"catalog": False, "me": False}


def test_a_gzip_bomb_is_cut_off_early(ana):
    bomb = gzip.compress(b" " * (200 << 20), compresslevel=9)
    assert len(bomb) < 1 << 20
    answer = ana.call("POST", SYNC, bomb, {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_bodies_over_two_mebibytes_are_refused(ana):
    answer = ana.call("POST", SYNC, b" " * ((2 << 20) + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"not gzip", "gzip", "garbled"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "cut_short"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip", "cut_short"),
        (zlib.compress(b"{}"), "gzip", "garbled"),
        (b"{}", "br", "unsupported_encoding"),
        (b"{}", "gzip, gzip", "unsupported_encoding"),
    ],
)
def test_encodings(ana, body, encoding, code):
    answer = ana.call("POST", SYNC, body, {"Content-Encoding": encoding})
    assert answer.status_code in {400, 415}
    assert answer.json["code"] == code


def test_a_body_that_was_changed_on_the_way(ana):
    digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    answer = ana.call("POST", SYNC, json.dumps(envelope(ana)).encode(), {"Content-Digest": digest})
    assert (answer.status_code, answer.json["code"]) == (400, "garbled")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x y",
        "Bearer " + "x" * 5000,
        "Bearer caf\u00e9",
        "bearer null",
        "token",
    ],
)
def test_authorization_of_another_kind(guest, header):
    answer = guest.get("/api/v1/blobs/" + "0" * 64, Authorization=header)
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/blobs/../../identity.json",
        "/api/v1/blobs/%2e%2e%2fidentity.json",
        "/api/v1/blobs/" + "A" * 64,
        "/api/v1/blobs/" + "0" * 63,
        "/api/v1/blobs/%00",
        "/api/v1/certificates/x/pdf",
        "/api/v1/certificates/%F0%9F%92%A9",
        "/api/v1/nothing",
        "/static/../app.py",
        "/static/%2e%2e%2fapp.py",
        "/read/x/../../etc/passwd",
        "/courses/%00",
    ],
)
def test_paths_that_lead_nowhere(miriam, path):
    assert miriam.get(path).status_code == 404


def test_methods_that_are_not_there(guest):
    answer = guest.call("DELETE", "/api/v1/server")
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert guest.call("HEAD", "/api/v1/sync").status_code == 405


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/server", "/static/style.css"])
def test_what_can_be_got_can_be_asked_for_without_its_body(guest, path):
    whole, head = guest.get(path), guest.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.logs("a request failed")
def test_what_nobody_expected_is_logged_and_says_nothing_of_itself(guest, monkeypatch):
    monkeypatch.setattr("lms_server.web.api.read_server", lambda _conn: 1 / 0)
    answer = guest.get("/api/v1/server")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "division" not in answer.text
