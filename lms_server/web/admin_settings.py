"""``/admin/settings``: what can be changed while the server runs, and what its environment says."""

import re
from dataclasses import dataclass
from typing import Any

import falcon

from lms_server.actions.installation import rename_server
from lms_server.actions.mail_check import send_test_mail
from lms_server.actions.refusals import Refused
from lms_server.actions.registration import choose_registration, read_registration
from lms_server.sentences import Sentence
from lms_server.settings import DATA, DATABASE, MAIL, PUBLIC_URL, REGISTRATION, Settings
from lms_server.web.pages import Pages, go_on

# user:password@ of an address.
_SECRET = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")


@dataclass(frozen=True)
class SettingsPage:
    """Name the server; open or close it for new people; see the rest; send oneself a mail."""

    pages: Pages
    settings: Settings

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, sent=req.get_param("sent") == "1")

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = self.pages.admin_form(req)
        sent = ""
        try:
            if form.get("do") == "test_mail":
                send_test_mail(self.pages.context, self.settings.mail, self.pages.admin(req).user.email)
                sent = "?sent=1"
            elif form.get("do") == "registration":
                choose_registration(self.settings, form.get("registration", ""))
            else:
                rename_server(self.pages.context, form.get("name", ""))
        except Refused as refusal:
            self._show(req, resp, refusal.said)
            resp.status = 422
            return
        go_on(resp, f"/admin/settings{sent}")

    def _show(
        self, req: falcon.Request, resp: falcon.Response, error: Sentence | None = None, *, sent: bool = False
    ) -> None:
        session = self.pages.admin(req)
        values: dict[str, Any] = {"error": error, "sent": sent, "facts": self._facts()}
        values["registration"] = read_registration(self.settings)
        values["is_fixed"] = self.settings.registration is not None
        self.pages.show(resp, "admin/settings.html", session, **values)

    def _facts(self) -> dict[str, tuple[str, str]]:
        """Name: (what it is, the variable that sets it)."""
        settings = self.settings
        return {
            "public_url": (self.pages.context.public_url, PUBLIC_URL),
            "registration": (read_registration(settings).value, REGISTRATION),
            "mail": (_without_password(settings.mail), MAIL),
            "database": (_without_password(settings.database), DATABASE),
            "data": (str(settings.data), DATA),
        }


def _without_password(url: str) -> str:
    return _SECRET.sub(r"\1:…@", url)
