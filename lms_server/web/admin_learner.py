"""``/admin/learners/{uid}``: one account, its courses and its devices."""

from dataclasses import dataclass

import falcon

from lms_server.actions.dashboard import list_courses_of, list_devices_of
from lms_server.actions.refusals import Refused
from lms_server.actions.reports import list_progress
from lms_server.actions.users import (
    User,
    disable_user,
    enable_user,
    list_users,
    set_password,
    sign_out_device,
    sign_out_everywhere,
)
from lms_server.contract.times import to_wire
from lms_server.sentences import Sentence
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, go_on
from lms_server.web.tables import send_table


@dataclass(frozen=True)
class LearnerPage:
    """Look at an account; give it a new password, sign its devices out, close it."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        self._show(req, resp, uid)

    def on_post(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        form = self.pages.admin_form(req)
        try:
            self._change(_find(self.pages, uid), form)
        except Refused as refusal:
            self._show(req, resp, uid, refusal.said)
            resp.status = 422
            return
        go_on(resp, f"/admin/learners/{uid}")

    def _change(self, user: User, form: dict[str, str]) -> None:
        context = self.pages.context
        if form.get("do") == "password":
            set_password(context, user.email, form.get("password", ""))
        elif form.get("do") == "sign_out":
            sign_out_everywhere(context, user.email)
        elif form.get("do") == "sign_out_device":
            sign_out_device(context, user.email, _number(form.get("device", "")))
        elif form.get("do") == "disable":
            disable_user(context, user.email)
        elif form.get("do") == "enable":
            enable_user(context, user.email)

    def _show(self, req: falcon.Request, resp: falcon.Response, uid: str, error: Sentence | None = None) -> None:
        session = self.pages.admin(req)
        one = _find(self.pages, uid)
        context = self.pages.context
        values = {"courses": list_courses_of(context, uid), "devices": list_devices_of(context, uid), "error": error}
        self.pages.show(resp, "admin/learner.html", session, one=one, **values)


@dataclass(frozen=True)
class ProgressCsv:
    """``/admin/learners/{uid}/progress.csv``: every lesson that somebody started."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        self.pages.admin(req)
        user = _find(self.pages, uid)
        names = ("course", "lesson", "started", "completed")
        rows = [
            [row.course, row.title, to_wire(row.started_at), to_wire(row.completed_at) if row.completed_at else ""]
            for row in list_progress(self.pages.context, user.email)
        ]
        send_table(resp, "progress.csv", names, rows)


def _find(pages: Pages, uid: str) -> User:
    user = next((user for user in list_users(pages.context) if user.uid == uid), None)
    if user is None:
        raise not_found()
    return user


def _number(text: str) -> int:
    """A session's number, 0 for what can't be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
