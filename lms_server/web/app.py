"""The WSGI callable: routes, what every answer carries, and errors that never stay silent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import falcon
from falcon.routing import CompiledRouter

from lms_server.actions.context import ServerContext
from lms_server.settings import Registration
from lms_server.web import admin, site
from lms_server.web.admin_course import AdminCourse, CourseLearnersCsv
from lms_server.web.admin_import import ImportPage
from lms_server.web.admin_learner import LearnerPage, ProgressCsv
from lms_server.web.admin_roster import RosterPage
from lms_server.web.admin_settings import SettingsPage
from lms_server.web.admin_upkeep import BackupFile, BackupPage, MailsForm, Upkeep
from lms_server.web.admin_work import WorkPage
from lms_server.web.api import CurrentSessionResource, ServerResource, SessionsResource, SyncResource, UsersResource
from lms_server.web.auth import Door
from lms_server.web.blobs import BlobResource, FetchResource
from lms_server.web.certificates import FactsResource, PdfResource
from lms_server.web.errors import problem_of, write_problem
from lms_server.web.languages import choose
from lms_server.web.pages import Pages, RedirectToSignIn, go_on, make_pages
from lms_server.web.probes import HealthResource, MetricsResource, OpenApiResource, ReadyResource
from lms_server.web.throttle import Throttle

API = "/api/v1"


def _no_figures(_context: ServerContext) -> str:
    return ""


def _closed() -> Registration:
    return Registration.CLOSED


@dataclass(frozen=True)
class Parts:
    """What the pages and the API are given beside the context."""

    registration: Callable[[], Registration] = _closed
    figures: Callable[[ServerContext], str] = _no_figures
    throttle: Throttle = field(default_factory=Throttle)
    # None: mails and backups are looked after elsewhere.
    upkeep: Upkeep | None = None


def create_app(context: ServerContext, parts: Parts | None = None) -> falcon.App[falcon.Request, falcon.Response]:
    """The whole server as one WSGI callable."""
    parts = parts or Parts()
    app = falcon.App(middleware=[_Everywhere()], router=_Router())
    app.req_options.strip_url_path_trailing_slash = False
    app.req_options.auto_parse_form_urlencoded = False
    settings = parts.upkeep.settings if parts.upkeep else None
    pages = make_pages(context, has_upkeep=parts.upkeep is not None, has_settings=settings is not None)
    # Falcon has its own way with HTTPError; each kind must be taken over by name.
    for kind in (Exception, falcon.HTTPError):
        app.add_error_handler(kind, _answer_errors(pages))
    _add_api(app, context, parts)
    _add_probes(app, context, parts)
    _add_site(app, pages, Door(context, parts.throttle))
    _add_admin(app, pages, parts.upkeep.backups.parent if parts.upkeep else None)
    if parts.upkeep is not None:
        _add_upkeep(app, pages, parts.upkeep)
    if settings is not None:
        app.add_route("/admin/settings", SettingsPage(pages, settings))
    return app


class _Router(CompiledRouter):
    """What can be got can be asked for by HEAD too (RFC 9110, 9.1): Falcon leaves the body out."""

    def map_http_methods(self, resource: object, **options: Any) -> dict[str, Any]:
        methods = dict(super().map_http_methods(resource, **options))
        return {"HEAD": methods["GET"], **methods} if "GET" in methods else methods


class _Everywhere:
    """The page's language, and headers that every answer carries."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.context.language = choose(req)
        resp.context.here = req.relative_uri if req.method == "GET" else req.path

    def process_response(self, _req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool) -> None:  # noqa: FBT001 # falcon's signature
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Referrer-Policy", "same-origin")
        if resp.get_header("Cache-Control") is None:
            resp.set_header("Cache-Control", "no-store")


def _answer_errors(pages: Pages) -> Callable[..., None]:
    def answer(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
        resp.stream = None
        if isinstance(error, RedirectToSignIn):
            go_on(resp, f"/login?next={quote(req.relative_uri, safe='')}")
            return
        problem = problem_of(error)
        write_problem(resp, problem, pages.context.identity.server_id)
        if not req.path.startswith(API) and "text/html" in req.accept:
            resp.data = None
            pages.show_problem(req, resp, problem)

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
    app.add_route(f"{API}/certificates/{{uuid}}/pdf", PdfResource(context))


def _add_probes(app: Any, context: ServerContext, parts: Parts) -> None:
    for prefix in ("", API):
        app.add_route(f"{prefix}/openapi.json", OpenApiResource())
        app.add_route(f"{prefix}/healthz", HealthResource())
        app.add_route(f"{prefix}/readyz", ReadyResource(context))
        app.add_route(f"{prefix}/metrics", MetricsResource(context, parts.figures))


def _add_site(app: Any, pages: Pages, door: Door) -> None:
    app.add_route("/", site.CatalogPage(pages))
    app.add_route("/courses/{slug}", site.CoursePage(pages))
    app.add_route("/read/{uid}", site.PreviewAddress())
    app.add_route("/read/{uid}/{path:path}", site.PreviewPage(pages))
    app.add_route("/language", site.LanguageChoice(pages))
    app.add_route("/login", site.SignInPage(pages, door))
    app.add_route("/logout", site.SignOut(pages))
    app.add_route("/verify/{uuid}", site.VerifyPage(pages))
    app.add_route("/static/{name}", site.StaticFiles())


def _add_admin(app: Any, pages: Pages, data: Path | None) -> None:
    app.add_route("/admin", admin.Dashboard(pages, is_front=True, data=data))
    app.add_route("/admin/", admin.Dashboard(pages, is_front=True, data=data))
    app.add_route("/admin/courses", admin.Dashboard(pages, is_front=False))
    app.add_route("/admin/courses.csv", admin.CoursesCsv(pages))
    app.add_route("/admin/courses/{slug}", AdminCourse(pages))
    app.add_route("/admin/courses/{slug}/learners.csv", CourseLearnersCsv(pages))
    app.add_route("/admin/import", ImportPage(pages))
    app.add_route("/admin/courses/{slug}/{verb}", admin.CourseVerb(pages))
    app.add_route("/admin/learners", admin.LearnersPage(pages))
    app.add_route("/admin/learners.csv", admin.LearnersCsv(pages))
    app.add_route("/admin/learners/import", RosterPage(pages))
    app.add_route("/admin/learners/{uid}", LearnerPage(pages))
    app.add_route("/admin/learners/{uid}/progress.csv", ProgressCsv(pages))
    app.add_route("/admin/certificates", admin.CertificatesPage(pages))
    app.add_route("/admin/certificates.csv", admin.CertificatesCsv(pages))
    app.add_route("/admin/certificates/{uuid}.pdf", admin.CertificatePdf(pages))
    app.add_route("/admin/parked", admin.ParkedPage(pages))
    app.add_route("/admin/work", WorkPage(pages))


def _add_upkeep(app: Any, pages: Pages, upkeep: Upkeep) -> None:
    app.add_route("/admin/mails", MailsForm(pages, upkeep))
    app.add_route("/admin/backup", BackupPage(pages, upkeep))
    app.add_route("/admin/backup/{name}", BackupFile(pages, upkeep))
