"""``/admin/import``: a course comes in as a file, is looked at first, and is imported when the admin says so."""

from dataclasses import dataclass
from typing import Any

import falcon

from lms_server.actions.course_import import Imported, import_course
from lms_server.actions.refusals import Refused
from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from lms_server.sentences import Sentence
from lms_server.sync.parked import sweep
from lms_server.web.pages import Pages, go_on
from lms_server.web.waiting import WaitingRoom


@dataclass(frozen=True)
class ImportPage:
    """Choose a file; the answer says what an import would do."""

    pages: Pages

    @property
    def room(self) -> WaitingRoom:
        """Where files wait for the admin's word, for a day."""
        return WaitingRoom(self.pages)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        ticket, form = self.room.take(req)
        if form is None:
            self._look(req, resp, ticket, publish=True, rename=True, dry_run=True)
        else:
            self._look(req, resp, ticket, publish="publish" in form, rename="rename" in form, dry_run=False)

    def _look(
        self, req: falcon.Request, resp: falcon.Response, ticket: str, *, publish: bool, rename: bool, dry_run: bool
    ) -> None:
        try:
            package = read_course(self.room.file(ticket))
            imported = import_course(self.pages.context, package, publish=publish, rename=rename, dry_run=dry_run)
        except (BadCourse, Refused) as error:
            self._show(req, resp, error=error.said)
            resp.status = 422
            return
        if dry_run:
            self._show(req, resp, imported, ticket)
            return
        sweep(self.pages.context)
        self.room.forget(ticket)
        go_on(resp, f"/admin/courses/{package.slug}")

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        imported: Imported | None = None,
        ticket: str = "",
        error: Sentence | None = None,
    ) -> None:
        session = self.pages.admin(req)
        values: dict[str, Any] = {
            "report": imported.report() if imported else None,
            "remarks": imported.package.warnings if imported else (),
        }
        self.pages.show(resp, "admin/import.html", session, ticket=ticket, error=error, **values)
