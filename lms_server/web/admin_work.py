"""``/admin/work``: unsent work from a memory stick, looked at first, then settled as its learner's own."""

from dataclasses import dataclass
from typing import Any

import falcon

from lms_server.actions.refusals import Refused
from lms_server.sentences import Sentence
from lms_server.sync.handed_in import MOST_BYTES, HandedIn, import_work
from lms_server.web.pages import Pages
from lms_server.web.waiting import WaitingRoom


@dataclass(frozen=True)
class WorkPage:
    """Choose a laptop's file; see what would come of it; import it."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        room = WaitingRoom(self.pages)
        ticket, form = room.take(req)
        dry_run = form is None
        try:
            with room.file(ticket).open("rb") as file:
                done = import_work(self.pages.context, file.read(MOST_BYTES), dry_run=dry_run)
        except Refused as refusal:
            self._show(req, resp, error=refusal.said)
            resp.status = 422
            return
        if not dry_run:
            room.forget(ticket)
        self._show(req, resp, done, ticket=ticket)

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        done: HandedIn | None = None,
        ticket: str = "",
        error: Sentence | None = None,
    ) -> None:
        session = self.pages.admin(req)
        values: dict[str, Any] = {"report": done.report() if done else None, "done": done}
        self.pages.show(resp, "admin/work.html", session, ticket=ticket, error=error, **values)
