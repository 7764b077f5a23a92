"""``/admin/learners/{uid}``: one account, its courses and its devices."""

from dataclasses import dataclass

import falcon

from lms_server.actions.dashboard import list_courses_of, list_devices_of
from lms_server.actions.refusals import Refused
from lms_server.actions.users import (
    User,
    disable_user,
    list_users,
    set_password,
    sign_out_device,
    sign_out_everywhere,
)
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, read_form


@dataclass(frozen=True)
class LearnerPage:
    """Look at an account; give it a new password, sign its devices out, close it."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        self._show(req, resp, uid)

    def on_post(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        session = self.pages.admin(req)
        form = read_form(req)
        self.pages.check_form(req, session, form)
        try:
            self._change(self._find(uid), form)
        except Refused as refusal:
            self._show(req, resp, uid, refusal.text)
            resp.status = 422
            return
        resp.status = 303
        resp.location = f"/admin/learners/{uid}"

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

    def _find(self, uid: str) -> User:
        user = next((user for user in list_users(self.pages.context) if user.uid == uid), None)
        if user is None:
            raise not_found()
        return user

    def _show(self, req: falcon.Request, resp: falcon.Response, uid: str, error: str = "") -> None:
        session = self.pages.admin(req)
        one = self._find(uid)
        context = self.pages.context
        values = {"courses": list_courses_of(context, uid), "devices": list_devices_of(context, uid), "error": error}
        self.pages.show(resp, "admin/learner.html", session, one=one, **values)


def _number(text: str) -> int:
    """A session's number, 0 for what can't be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
