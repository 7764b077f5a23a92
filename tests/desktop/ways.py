"""What can happen to an answer on its way, and answers that a server gives when it takes nothing."""

import base64
import gzip
import json
from hashlib import sha256

import httpx

from tests.world import Lossy


def body_of(response):
    """The content as it was sent, and as it was meant."""
    raw = b"".join(response.stream)
    return raw, gzip.decompress(raw) if response.headers.get("Content-Encoding") == "gzip" else raw


def answer(status, content, kind="application/json", **headers):
    """Any answer, with a digest that is right for its content."""
    digest = base64.b64encode(sha256(content).digest()).decode()
    named = {"Content-Type": kind, "Content-Digest": f"sha-256=:{digest}:"}
    # A stream, so that the client reads the bytes as they were sent.
    return httpx.Response(status, headers=named | headers, stream=httpx.ByteStream(content))


def changed(change):
    """The server's own answer with something changed in it, and a digest that covers the change."""

    def twist(response):
        document = json.loads(body_of(response)[1])
        change(document)
        return answer(response.status_code, json.dumps(document).encode())

    return twist


def page(status, **headers):
    """A captive portal's page."""
    return plain(status, b"<html>Welcome to Hotel Wi-Fi</html>", **{"Content-Type": "text/html"} | headers)


def plain(status, content=b"", **headers):
    """An answer of somebody who knows nothing of digests."""
    return lambda _: httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def problem(server_id, status, code, **headers):
    """The server says no to the whole request."""
    document = {"code": code, "title": code, "detail": f"The server says {code}.", "server_id": server_id}
    return answer(status, json.dumps(document).encode(), "application/problem+json", **headers)


class Choosy(Lossy):
    """A server that looks at each request before it takes it; ``judge`` returns a refusal or None."""

    def __init__(self, app, judge):
        super().__init__(app)
        self.judge = judge
        self.sizes = []

    def handle_request(self, request):
        raw = request.read()
        content = gzip.decompress(raw) if request.headers.get("Content-Encoding") == "gzip" else raw
        ids = [command["id"] for command in json.loads(content)["commands"]]
        self.sizes.append(len(ids))
        return self.judge(ids) or super().handle_request(request)
