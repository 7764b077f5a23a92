"""The admin's pages: everything is a link or a form button, nothing needs a script."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import falcon

from lms_server.actions.certificates import reevaluate
from lms_server.actions.context import ServerContext
from lms_server.actions.courses import delete_course, list_lessons, publish_course, restore_course, unpublish_course
from lms_server.actions.dashboard import CourseLine, list_course_lines, read_overview
from lms_server.actions.papers import ensure_pdf
from lms_server.actions.refusals import Refused
from lms_server.actions.reports import list_certificates, list_parked
from lms_server.actions.users import NewUser, Role, add_user, disable_user, list_users
from lms_server.contract.sqlite import reading
from lms_server.jobs.outbox import list_mails
from lms_server.sync.parked import sweep
from lms_server.web.certificates import known_certificate, send_pdf
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, read_form

PAGE_ROWS = 20
_REASONS = {
    "course_draft": "The course isn't published",
    "course_deleted": "The course was deleted",
    "unknown_course": "The course isn't on this server",
    "unknown_lesson": "The lesson isn't on this server",
    "not_enrolled": "The learner isn't enrolled",
    "unsupported_kind": "This server is older than the laptop's program",
}


def _publish(context: ServerContext, slug: str) -> None:
    publish_course(context, slug)
    sweep(context)


def _restore(context: ServerContext, slug: str) -> None:
    restore_course(context, slug)
    sweep(context)


def _reevaluate(context: ServerContext, slug: str) -> None:
    list_lessons(context, slug)
    reevaluate(context, slug)


_VERBS: dict[str, Callable[[ServerContext, str], None]] = {
    "publish": _publish,
    "unpublish": unpublish_course,
    "delete": delete_course,
    "restore": _restore,
    "reevaluate": _reevaluate,
}


@dataclass(frozen=True)
class Dashboard:
    """``/admin/`` and ``/admin/courses``: tiles and the table of courses."""

    pages: Pages
    is_front: bool

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        overview = read_overview(self.pages.context)
        wanted, state = (req.get_param("q") or "").strip(), req.get_param("state") or ""
        found = [course for course in _courses(self.pages.context) if _matches(course, wanted, state)]
        shown, paging = _page(req, found)
        folder = self.pages.context.blobs.root
        disk = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.is_dir()))
        values = {"overview": overview, "courses": shown, "paging": paging, "q": wanted, "state": state, "disk": disk}
        self.pages.show(resp, "admin/dashboard.html", session, is_front=self.is_front, **values)


@dataclass(frozen=True)
class CoursesCsv:
    """``/admin/courses.csv``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.admin(req)
        names = ("slug", "title", "level", "language", "lessons", "enrolled", "finished", "state")
        rows = [[getattr(course, name) for name in names] for course in _courses(self.pages.context)]
        resp.content_type = "text/csv; charset=utf-8"
        resp.downloadable_as = "courses.csv"
        resp.text = table_text(names, rows)


@dataclass(frozen=True)
class CourseVerb:
    """``/admin/courses/{slug}/{verb}``: publish, unpublish, delete, restore, reevaluate."""

    pages: Pages

    def on_post(self, req: falcon.Request, resp: falcon.Response, slug: str, verb: str) -> None:
        session = self.pages.admin(req)
        self.pages.check_form(req, session, read_form(req))
        if verb not in _VERBS:
            raise not_found()
        _VERBS[verb](self.pages.context, slug)
        resp.status = 303
        resp.location = "/admin/courses"


@dataclass(frozen=True)
class LearnersPage:
    """``/admin/learners``: find, add, disable."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        form = read_form(req)
        self.pages.check_form(req, session, form)
        try:
            self._change(form)
        except Refused as refusal:
            self._show(req, resp, refusal.text)
            resp.status = 422
            return
        resp.status = 303
        resp.location = "/admin/learners"

    def _change(self, form: dict[str, str]) -> None:
        if form.get("do") == "disable":
            disable_user(self.pages.context, form.get("email", ""))
            return
        role = Role.ADMIN if form.get("role") == "admin" else Role.LEARNER
        new = NewUser(form.get("email", ""), form.get("name", ""), form.get("password", ""), role)
        add_user(self.pages.context, new)

    def _show(self, req: falcon.Request, resp: falcon.Response, error: str = "") -> None:
        session = self.pages.admin(req)
        wanted = (req.get_param("q") or "").strip()
        found = [u for u in list_users(self.pages.context) if wanted.casefold() in f"{u.name} {u.email}".casefold()]
        shown, paging = _page(req, found)
        self.pages.show(resp, "admin/learners.html", session, users=shown, paging=paging, q=wanted, error=error)


@dataclass(frozen=True)
class CertificatesPage:
    """``/admin/certificates``: what was issued, and how its mail goes."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        with reading(self.pages.context.engine) as conn:
            mails = {mail.certificate: mail for mail in list_mails(conn)}
        shown, paging = _page(req, list_certificates(self.pages.context))
        self.pages.show(resp, "admin/certificates.html", session, certificates=shown, paging=paging, mails=mails)


@dataclass(frozen=True)
class CertificatePdf:
    """``/admin/certificates/{uuid}.pdf``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uuid: str) -> None:
        self.pages.admin(req)
        known_certificate(self.pages.context, uuid)
        send_pdf(req, resp, self.pages.context, ensure_pdf(self.pages.context, uuid), uuid)


@dataclass(frozen=True)
class ParkedPage:
    """``/admin/parked``: work that waits, why, and one button to try all again."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        rows = [_in_words(row.command) | {"row": row, "why": _REASONS.get(row.code, row.code)} for row in _parked(self)]
        shown, paging = _page(req, rows)
        self.pages.show(resp, "admin/parked.html", session, rows=shown, paging=paging)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.check_form(req, self.pages.admin(req), read_form(req))
        sweep(self.pages.context)
        resp.status = 303
        resp.location = "/admin/parked"


def table_text(names: tuple[str, ...], rows: list[list[Any]]) -> str:
    """CSV in which no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([[_defused(cell) for cell in row] for row in rows])
    return text.getvalue()


def _defused(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _courses(context: ServerContext) -> list[CourseLine]:
    return list_course_lines(context, open_only=False)


def _parked(page: ParkedPage) -> list[Any]:
    return list_parked(page.pages.context)


def _matches(course: CourseLine, wanted: str, state: str) -> bool:
    return wanted.casefold() in f"{course.title} {course.slug}".casefold() and state in {"", course.state}


def _in_words(command: str) -> dict[str, str]:
    document = json.loads(command)
    return {"kind": document.get("kind", ""), "about": document.get("course") or document.get("lesson") or ""}


def _page(req: falcon.Request, rows: list[Any]) -> tuple[list[Any], dict[str, int]]:
    number = min(max(1, req.get_param_as_int("page", default=1) or 1), max(1, -(-len(rows) // PAGE_ROWS)))
    first = (number - 1) * PAGE_ROWS
    shown = rows[first : first + PAGE_ROWS]
    return shown, {"number": number, "first": first + 1 if rows else 0, "last": first + len(shown), "all": len(rows)}
