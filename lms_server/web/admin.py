"""The admin's pages: everything is a link or a form button, nothing needs a script."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import falcon

from lms_server.actions.backups import last_backup
from lms_server.actions.certificates import reevaluate
from lms_server.actions.context import ServerContext
from lms_server.actions.courses import delete_course, publish_course, restore_course, unpublish_course
from lms_server.actions.dashboard import CourseLine, list_course_lines, list_parked_lines, read_overview
from lms_server.actions.refusals import Refused
from lms_server.actions.reports import list_certificates
from lms_server.actions.users import NewUser, Role, add_user, disable_user, find_user, list_users
from lms_server.contract.sqlite import reading
from lms_server.contract.times import to_wire
from lms_server.jobs.certificate_mails import MailRow, list_mails
from lms_server.jobs.queue import State
from lms_server.sentences import Sentence
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep
from lms_server.web.certificates import known_certificate, send_pdf
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, go_on
from lms_server.web.tables import holds, page_of, send_table, wanted


def _publish(context: ServerContext, slug: str) -> None:
    publish_course(context, slug)
    sweep(context)


def _restore(context: ServerContext, slug: str) -> None:
    restore_course(context, slug)
    sweep(context)


_VERBS: dict[str, Callable[[ServerContext, str], object]] = {
    "publish": _publish,
    "unpublish": unpublish_course,
    "delete": delete_course,
    "restore": _restore,
    "reevaluate": reevaluate,
}


@dataclass(frozen=True)
class Dashboard:
    """``/admin/`` and ``/admin/courses``: tiles and the table of courses."""

    pages: Pages
    is_front: bool
    # The data folder, where the last backup left its note; None: backups are looked after elsewhere.
    data: Path | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        overview = read_overview(self.pages.context)
        search, state = wanted(req), req.get_param("state") or ""
        found = [course for course in _courses(self.pages.context) if _matches(course, search, state)]
        shown, paging = page_of(req, found)
        folder = self.pages.context.blobs.root
        disk = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.is_dir()))
        values = {"overview": overview, "courses": shown, "paging": paging, "q": search, "state": state, "disk": disk}
        values["backup"] = last_backup(self.data) if self.data else None
        self.pages.show(resp, "admin/dashboard.html", session, is_front=self.is_front, **values)


@dataclass(frozen=True)
class CoursesCsv:
    """``/admin/courses.csv``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.admin(req)
        names = ("slug", "title", "level", "language", "lessons", "enrolled", "finished", "state")
        rows = [[getattr(course, name) for name in names] for course in _courses(self.pages.context)]
        send_table(resp, "courses.csv", names, rows)


@dataclass(frozen=True)
class CourseVerb:
    """``/admin/courses/{slug}/{verb}``: publish, unpublish, delete, restore, reevaluate."""

    pages: Pages

    def on_post(self, req: falcon.Request, resp: falcon.Response, slug: str, verb: str) -> None:
        self.pages.admin_form(req)
        if verb not in _VERBS:
            raise not_found()
        _VERBS[verb](self.pages.context, slug)
        go_on(resp, f"/admin/courses/{slug}")


_ONLY_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class LearnersPage:
    """``/admin/learners``: find, add, disable."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = self.pages.admin_form(req)
        try:
            self._change(form)
        except Refused as refusal:
            self._show(req, resp, refusal.said)
            resp.status = 422
            return
        go_on(resp, "/admin/learners")

    def _change(self, form: dict[str, str]) -> None:
        if form.get("do") == "disable":
            disable_user(self.pages.context, form.get("email", ""))
            return
        role = Role.ADMIN if form.get("role") == "admin" else Role.LEARNER
        new = NewUser(form.get("email", ""), form.get("name", ""), form.get("password", ""), role)
        add_user(self.pages.context, new)

    def _show(self, req: falcon.Request, resp: falcon.Response, error: Sentence | None = None) -> None:
        session = self.pages.admin(req)
        search = wanted(req)
        found = [user for user in list_users(self.pages.context) if holds(f"{user.name} {user.email}", search)]
        shown, paging = page_of(req, found)
        values = {"users": shown, "paging": paging, "q": search, "error": error, "address": self._for_laptops(req)}
        self.pages.show(resp, "admin/learners.html", session, **values)

    def _for_laptops(self, req: falcon.Request) -> str:
        """What learners type: the address that this browser reached, unless only this machine reaches it."""
        public = self.pages.context.public_url
        known = (public,) if self.pages.is_secure else (f"http://{req.netloc}", public)
        return next((address for address in known if urlsplit(address).hostname not in _ONLY_HERE), "")


@dataclass(frozen=True)
class LearnersCsv:
    """``/admin/learners.csv``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.admin(req)
        rows = [[u.name, u.email, u.role.value, _day(u.disabled_at)] for u in list_users(self.pages.context)]
        send_table(resp, "learners.csv", ("name", "email", "role", "disabled"), rows)


@dataclass(frozen=True)
class CertificatesPage:
    """``/admin/certificates``: what was issued, and how its mail goes."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        search, state = wanted(req), req.get_param("state") or ""
        mails = _mails(self.pages.context)
        found = [
            row
            for row in list_certificates(self.pages.context)
            if holds(f"{row.learner_name} {row.course_title} {row.email} {row.uuid}", search)
            and (not state or (row.uuid in mails and mails[row.uuid].state == state))
        ]
        shown, paging = page_of(req, found)
        values: dict[str, Any] = {
            "q": search,
            "state": state,
            "mails": mails,
            "paging": paging,
            "states": [str(s) for s in State],
        }
        values["held"] = sum(mail.state == State.HELD for mail in mails.values())
        self.pages.show(resp, "admin/certificates.html", session, certificates=shown, **values)


@dataclass(frozen=True)
class CertificatesCsv:
    """``/admin/certificates.csv``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.admin(req)
        mails = _mails(self.pages.context)
        names = ("uuid", "learner", "email", "course", "completed", "issued", "mail")
        rows = [
            [
                *(row.uuid, row.learner_name, row.email, row.course_title),
                *(_day(row.completed_at), _day(row.issued_at)),
                mails[row.uuid].state if row.uuid in mails else "",
            ]
            for row in list_certificates(self.pages.context)
        ]
        send_table(resp, "certificates.csv", names, rows)


@dataclass(frozen=True)
class CertificatePdf:
    """``/admin/certificates/{uuid}.pdf``."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uuid: str) -> None:
        self.pages.admin(req)
        known_certificate(self.pages.context, uuid)
        send_pdf(req, resp, self.pages.context, uuid)


@dataclass(frozen=True)
class ParkedPage:
    """``/admin/parked``: work that waits, why, and buttons: try all again, or enroll who isn't."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = self.pages.admin_form(req)
        context = self.pages.context
        try:
            if form.get("do") == "enroll":
                # What waited for this is tried again in the same transaction.
                enroll_user(context, find_user(context, form.get("email", "")).learner, form.get("course", ""))
            else:
                sweep(context)
        except Refused as refusal:
            self._show(req, resp, refusal.said)
            resp.status = 422
            return
        go_on(resp, "/admin/parked")

    def _show(self, req: falcon.Request, resp: falcon.Response, error: Sentence | None = None) -> None:
        session = self.pages.admin(req)
        search = wanted(req)
        lines = list_parked_lines(self.pages.context)
        found = [row for row in lines if holds(f"{row.name} {row.email} {row.about} {row.course}", search)]
        shown, paging = page_of(req, found)
        self.pages.show(resp, "admin/parked.html", session, rows=shown, paging=paging, q=search, error=error)


def _courses(context: ServerContext) -> list[CourseLine]:
    return list_course_lines(context, open_only=False)


def _matches(course: CourseLine, search: str, state: str) -> bool:
    return holds(f"{course.title} {course.slug}", search) and state in {"", course.state}


def _mails(context: ServerContext) -> dict[str, MailRow]:
    with reading(context.engine) as conn:
        return {mail.certificate: mail for mail in list_mails(conn)}


def _day(ms: int | None) -> str:
    return "" if ms is None else to_wire(ms)[:10]
