"""What networks do to requests and answers."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from random import Random

import httpx

from lms_server.contract.ids import new_uuid4
from tests.flows.machine_checks import Happened
from tests.flows.machine_world import Reply

_TABLE = {
    "fine": 60,
    "lost": 3,
    "delayed": 4,
    "answer lost": 7,
    "twice": 4,
    "cut": 3,
    "garbled": 2,
    "portal": 2,
    "portal json": 1,
    "old answer": 3,
    "other server": 2,
    "other learner": 1,
    "unnamed": 2,
    "busy": 1,
    "server crash": 4,
}
_SOMEBODY = {"name": "Somebody", "email": "somebody@example.org"}
FATES = list(_TABLE), list(_TABLE.values())


def broken() -> httpx.ReadError:
    """A new one each time: an exception keeps the frames that it went through."""
    return httpx.ReadError("the connection broke")


def occasion(asked: dict, accepted: set[str]) -> Happened:
    """What a request may have been the occasion for."""
    happened = Happened()
    for command in asked["commands"]:
        if command["kind"] == "complete_lesson" and command["id"] in accepted:
            happened.lessons.add((asked["user"], command["lesson"]))
        if command["kind"] == "keep_certificate":
            happened.payloads.add(command["payload"])
    return happened


def twisted(fate: str, reply: Reply, rng: Random, answers: list[Reply]) -> Reply:
    """The answer that arrives; raises httpx errors."""
    if fate == "answer lost":
        raise broken()
    if fate == "old answer" and answers:
        return rng.choice(answers)
    twist = _TWISTS.get(fate)
    return twist(reply, rng) if twist else reply


def _cut(reply: Reply, rng: Random) -> Reply:
    return Reply(reply.status, reply.headers, reply.body[: rng.randrange(len(reply.body))])


def _garbled(reply: Reply, rng: Random) -> Reply:
    body = bytearray(reply.body)
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return Reply(reply.status, reply.headers, bytes(body))


def _portal(_reply: Reply, rng: Random) -> Reply:
    return Reply(rng.choice((200, 302, 511)), {"content-type": "text/html"}, b"<html>Sign in</html>")


def _portal_json(_reply: Reply, _rng: Random) -> Reply:
    return Reply(200, {"content-type": "application/json"}, b'{"ok":true}')


def _busy(_reply: Reply, _rng: Random) -> Reply:
    return Reply(503, {"content-type": "text/html"}, b"busy")


def _other_server(reply: Reply, _rng: Random) -> Reply:
    return _changed(reply, lambda answer: answer | {"server_id": new_uuid4()})


def _other_learner(reply: Reply, _rng: Random) -> Reply:
    return _changed(reply, lambda answer: answer | {"user": (answer["user"] or _SOMEBODY) | {"uid": new_uuid4()}})


def _unnamed(reply: Reply, rng: Random) -> Reply:
    """An answer that leaves a command out, or names one that wasn't sent."""

    def change(answer: dict) -> dict:
        results = list(answer["results"]) or [{"id": new_uuid4(), "outcome": "applied", "code": "ok"}] * 2
        results.pop(rng.randrange(len(results)))
        return answer | {"results": results}

    return _changed(reply, change)


def _changed(reply: Reply, change: Callable[[dict], dict]) -> Reply:
    """An answer of somebody who knows how to make one: whole and with its digest, but not ours."""
    if reply.status != 200:
        return reply
    body = json.dumps(change(reply.answer)).encode()
    digest = base64.b64encode(sha256(body).digest()).decode()
    return Reply(200, {"content-type": "application/json", "content-digest": f"sha-256=:{digest}:"}, body)


_TWISTS: dict[str, Callable[[Reply, Random], Reply]] = {
    "cut": _cut,
    "garbled": _garbled,
    "portal": _portal,
    "portal json": _portal_json,
    "other server": _other_server,
    "other learner": _other_learner,
    "unnamed": _unnamed,
    "busy": _busy,
}
