"""The WSGI callable: routes, what every answer carries, and errors that never stay silent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import falcon

from lms_server.actions.context import ServerContext
from lms_server.actions.papers import ensure_pdf
from lms_server.settings import Registration
from lms_server.web.api import CurrentSessionResource, ServerResource, SessionsResource, SyncResource, UsersResource
from lms_server.web.auth import Door
from lms_server.web.blobs import BlobResource, FetchResource
from lms_server.web.certificates import FactsResource, PdfResource
from lms_server.web.errors import problem_of, write_problem
from lms_server.web.probes import HealthResource, MetricsResource, OpenApiResource, ReadyResource
from lms_server.web.throttle import Throttle

API = "/api/v1"


def _no_figures(_context: ServerContext) -> str:
    return ""


@dataclass(frozen=True)
class Parts:
    """What the pages and the API are given beside the context."""

    registration: Registration = Registration.CLOSED
    figures: Callable[[ServerContext], str] = _no_figures
    throttle: Throttle = field(default_factory=Throttle)


def create_app(context: ServerContext, parts: Parts | None = None) -> falcon.App[falcon.Request, falcon.Response]:
    """The whole server as one WSGI callable."""
    parts = parts or Parts()
    app = falcon.App(middleware=[_Everywhere()])
    app.req_options.strip_url_path_trailing_slash = False
    app.req_options.auto_parse_form_urlencoded = False
    # Falcon has its own way with HTTPError; each kind must be taken over by name.
    for kind in (Exception, falcon.HTTPError):
        app.add_error_handler(kind, _answer_errors(context))
    _add_api(app, context, parts)
    _add_probes(app, context, parts)
    return app


class _Everywhere:
    """Headers that every answer carries."""

    def process_response(self, _req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool) -> None:  # noqa: FBT001 # falcon's signature
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Referrer-Policy", "same-origin")
        if resp.get_header("Cache-Control") is None:
            resp.set_header("Cache-Control", "no-store")


def _answer_errors(context: ServerContext) -> Callable[..., None]:
    def answer(_req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
        resp.stream = None
        write_problem(resp, problem_of(error), context.identity.server_id)

    return answer


def _add_api(app: Any, context: ServerContext, parts: Parts) -> None:
    door = Door(context, parts.throttle)
    app.add_route(f"{API}/server", ServerResource(context, parts.registration))
    app.add_route(f"{API}/users", UsersResource(door, parts.registration))
    app.add_route(f"{API}/sessions", SessionsResource(door))
    app.add_route(f"{API}/sessions/current", CurrentSessionResource(context))
    app.add_route(f"{API}/sync", SyncResource(context))
    app.add_route(f"{API}/blobs/fetch", FetchResource(context))
    app.add_route(f"{API}/blobs/{{sha256}}", BlobResource(context))
    app.add_route(f"{API}/certificates/{{uuid}}", FactsResource(context))
    app.add_route(f"{API}/certificates/{{uuid}}/pdf", PdfResource(context, partial(ensure_pdf, context)))


def _add_probes(app: Any, context: ServerContext, parts: Parts) -> None:
    for prefix in ("", API):
        app.add_route(f"{prefix}/openapi.json", OpenApiResource())
        app.add_route(f"{prefix}/healthz", HealthResource())
        app.add_route(f"{prefix}/readyz", ReadyResource(context))
        app.add_route(f"{prefix}/metrics", MetricsResource(context, parts.figures))
