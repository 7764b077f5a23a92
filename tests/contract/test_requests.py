"""Two ways to read a request: what the quick one takes means the same to the strict one, and the app's own is quick."""

import json
import random

import msgspec
import pytest

from lms_server.contract import requests, strict, wire
from lms_server.contract.command_json import write_command
from lms_server.contract.ids import new_uuid4, new_uuid7
from lms_server.sync.settle import sort_out

TIME = "2026-11-22T10:00:00.123Z"


def click(kind="complete_lesson", **changes):
    target = "course" if kind == "enroll" else "lesson"
    return {"id": new_uuid7(), "kind": kind, target: new_uuid4(), "made_at": TIME} | changes


def envelope(*commands, **changes):
    request = wire.SyncRequest(
        v=1, request_id=new_uuid4(), server_id=new_uuid4(), sent_at=TIME, user=new_uuid4(), commands=list(commands)
    )
    return msgspec.to_builtins(request) | changes


def write(document) -> bytes:
    return msgspec.json.encode(document)


def strictly(body: bytes) -> wire.SyncRequest:
    return strict.convert(strict.read(body), wire.SyncRequest)


def meaning(request: wire.SyncRequest):
    batch = sort_out(request.commands)
    return msgspec.structs.replace(request, commands=[]), batch.first, batch.repeats, batch.results


def test_what_the_app_sends_is_read_in_one_go(world, laptops):
    course = world.course()
    laptop = laptops(world.learner())
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.store.start(course.lessons[0])
    laptop.study(course, 0, 1)
    session, (carried, waiting) = laptop.session(), laptop.store.outgoing(10)
    body = write(session._request(carried, [write_command(command) for command in waiting]))
    assert meaning(requests._read_plain(body)) == meaning(strictly(body))


@pytest.mark.parametrize(
    "odd",
    [
        click(id=new_uuid7().upper()),
        click(id="urn:uuid:" + new_uuid7()),
        click(lesson="x"),
        click(lesson=None),
        click("enroll", course=None, lesson=new_uuid4()),
        click(kind="dance"),
        click(made_at="yesterday"),
        click(made_at=f"2026-11-22T10:00:00.{'0' * 100}Z"),
        click(made_at="2026-11-22T10:00:00"),
        click(made_at=None),
        click(made_at=5),
        click(made_at=None, at=TIME),
        click(payload="x"),
        click(note="\0"),
        {"id": new_uuid7(), "kind": "keep_certificate", "payload": "x"},
        {},
        None,
        7,
        "text",
        [click()],
    ],
)
def test_an_odd_command_spoils_nothing_but_itself(odd):
    body = write(envelope(click(), odd, click("enroll")))
    assert requests._read_plain(body) is None
    if "\\u0000" not in body.decode():
        assert meaning(requests.read_request(body)) == meaning(strictly(body))


@pytest.mark.parametrize(
    "twist",
    [
        lambda text: text.replace('{"v":1,', '{"v":1,"v":1,'),
        lambda text: text.replace('"kind":"complete_lesson"', '"kind":"enroll","kind":"complete_lesson"'),
        lambda text: text.replace('"v":1', '"v":9007199254740993'),
        lambda text: text.replace('"v":1', '"v":1.0'),
        lambda text: text.replace('"v":1', '"v":true'),
        lambda text: text.replace('"name":""', '"name":"\\u0000"'),
        lambda text: text.replace('"name":""', '"name":"\\ud800"'),
        lambda text: text.replace('"name":""', f'"name":"{"x" * 5000}"'),
        lambda text: text.replace('"lesson":', f'"course":"{"x" * 5000}","lesson":'),
        lambda text: text.replace('"made_at":"', f'"made_at":"{"0" * 5000}'),
        lambda text: text.replace('.123Z"}', f'.{"0" * 5000}Z"}}'),
        lambda text: text.replace('"name":""', f'"name":"{"ж" * 2049}"'),
        lambda text: text.replace('"name":""', f'"name":{"[" * 20}{"]" * 20}'),
        lambda text: text.replace('"catalog":null', '"catalog":NaN'),
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: "[" + text + "]",
    ],
)
def test_what_the_strict_way_refuses_the_quick_one_does_not_take(twist):
    plain = write(envelope(click(), click("start_lesson")))
    assert requests._read_plain(plain)
    body = twist(plain.decode()).encode()
    assert body != plain
    assert requests._read_plain(body) is None
    with pytest.raises(strict.BadJson):
        requests.read_request(body)


def test_bytes_that_are_no_text_are_refused():
    body = write(envelope(click(), device={"id": "", "name": "QQ", "app": ""})).replace(b"QQ", b"\xff\xfe")
    with pytest.raises(strict.BadJson, match="UTF-8"):
        requests.read_request(body)


def test_any_change_of_a_byte_means_the_same_both_ways():
    chance = random.Random(7)
    plain = write(envelope(click(), click("enroll"), click("start_lesson")))
    taken = 0
    for _ in range(4000):
        body = bytearray(plain)
        body[chance.randrange(len(body))] = chance.choice(b'"\\{}[]:,0123456789abcdefTZ-.x ')
        quick = requests._read_plain(bytes(body))
        if quick is not None:
            taken += 1
            assert meaning(quick) == meaning(strictly(bytes(body)))
    assert 100 < taken < 3900


def test_fields_in_another_order_or_with_spaces_are_as_good():
    document = envelope(click(), click("enroll"))
    backwards = dict(reversed(document.items()))
    for body in (json.dumps(document, indent=1).encode(), write(backwards)):
        assert requests._read_plain(body) is None
        assert meaning(requests.read_request(body)) == meaning(strictly(write(document)))
