"""``/admin/import``: a course comes in as a file, is looked at first, and is imported when the admin says so."""

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon

from lms_server.actions.course_import import import_course
from lms_server.actions.refusals import Refused
from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from lms_server.sync.parked import sweep
from lms_server.web.errors import Problem, not_found
from lms_server.web.pages import Pages, read_form

_KEPT_S = 86_400
_CHUNK_BYTES = 1 << 18
_is_ticket = re.compile(r"[A-Za-z0-9_-]{22}").fullmatch


@dataclass(frozen=True)
class ImportPage:
    """Choose a file; the answer says what an import would do."""

    pages: Pages

    @property
    def folder(self) -> Path:
        """Where files wait for the admin's word, for a day."""
        return self.pages.context.blobs.root.parent / "uploads"

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        if (req.content_type or "").startswith(falcon.MEDIA_MULTIPART):
            ticket = self._receive(req)
            self._look(req, resp, ticket, publish=True, rename=False, dry_run=True)
            return
        form = read_form(req)
        self.pages.check_form(req, session, form)
        choice = {"publish": "publish" in form, "rename": "rename" in form}
        self._look(req, resp, form.get("ticket", ""), **choice, dry_run=False)

    def _receive(self, req: falcon.Request) -> str:
        """Store the file of the form and return its ticket; the form's proof comes before the file."""
        session, fields = self.pages.admin(req), {}
        for part in req.get_media():
            if part.name != "file":
                fields[part.name] = (part.get_text() or "")[:200]
                continue
            self.pages.check_form(req, session, fields)
            return self._store(part)
        raise Problem(422, "no_file", "Choose a file first.")

    def _store(self, part: Any) -> str:
        self._forget_old()
        ticket = secrets.token_urlsafe(16)
        name = re.sub(r"[^\w.-]+", "-", Path(part.filename or "course").name)[-80:].lstrip(".-") or "course"
        place = self.folder / ticket
        place.mkdir(parents=True)
        with (place / name).open("wb") as file:
            shutil.copyfileobj(part.stream, file, _CHUNK_BYTES)
        return ticket

    def _look(
        self, req: falcon.Request, resp: falcon.Response, ticket: str, *, publish: bool, rename: bool, dry_run: bool
    ) -> None:
        try:
            package = read_course(self._file(ticket))
            imported = import_course(
                self.pages.context, package, publish=publish, rename=rename or dry_run, dry_run=dry_run
            )
        except (BadCourse, Refused) as error:
            self._show(req, resp, error=error.text)
            resp.status = 422
            return
        if dry_run:
            self._show(req, resp, report=imported.report(), ticket=ticket)
            return
        sweep(self.pages.context)
        shutil.rmtree(self.folder / ticket)
        resp.status = 303
        resp.location = f"/admin/courses/{package.slug}"

    def _file(self, ticket: str) -> Path:
        found = list((self.folder / ticket).glob("*")) if _is_ticket(ticket) else []
        if len(found) != 1:
            raise not_found()
        return found[0]

    def _forget_old(self) -> None:
        for place in self.folder.glob("*"):
            if time.time() - place.stat().st_mtime > _KEPT_S:
                shutil.rmtree(place, ignore_errors=True)

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        report: dict[str, Any] | None = None,
        ticket: str = "",
        error: str = "",
    ) -> None:
        session = self.pages.admin(req)
        self.pages.show(resp, "admin/import.html", session, report=report, ticket=ticket, error=error)
