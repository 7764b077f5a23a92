"""For whoever watches the server: alive, ready, figures, and the API's description."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import falcon
import msgspec

from lms_server.actions.context import ServerContext, read_server
from lms_server.contract.sqlite import reading
from lms_server.web.auth import bearer
from lms_server.web.errors import not_found
from lms_server.web.openapi import describe

_BEHIND_A_PROXY = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@dataclass(frozen=True)
class HealthResource:
    """The process answers; says nothing about the database."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = "ok\n"


@dataclass(frozen=True)
class ReadyResource:
    """The database answers and was set up; else a problem with status 503."""

    context: ServerContext

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        with reading(self.context.engine) as conn:
            read_server(conn)
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = "ready\n"


@dataclass(frozen=True)
class MetricsResource:
    """Prometheus text, for this machine or an admin; to others there is nothing here."""

    context: ServerContext
    figures: Callable[[ServerContext], str]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if not _is_local(req):
            session = bearer(req, self.context)
            if session is None or not session.user.is_admin:
                raise not_found()
        resp.content_type = "text/plain; version=0.0.4; charset=utf-8"
        resp.text = self.figures(self.context)


@dataclass(frozen=True)
class OpenApiResource:
    """The description of the API."""

    document: bytes = field(default_factory=lambda: _encode(describe()))

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = "application/json"
        resp.data = self.document


def _is_local(req: falcon.Request) -> bool:
    # A proxy on this machine makes everybody local, so what it adds counts against it.
    if any(req.get_header(name) for name in _BEHIND_A_PROXY):
        return False
    try:
        return ip_address(req.remote_addr).is_loopback
    except ValueError:
        return False


def _encode(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)
