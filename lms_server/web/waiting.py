"""Files that an admin sent with a form: kept a day under a ticket, until the admin says what becomes of them."""

import re
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon

from lms_server.web.errors import Problem, not_found
from lms_server.web.pages import Pages

_KEPT_S = 86_400
_CHUNK_BYTES = 1 << 18
_is_ticket = re.compile(r"[A-Za-z0-9_-]{22}").fullmatch


@dataclass(frozen=True)
class WaitingRoom:
    """The folder where such files wait."""

    pages: Pages

    @property
    def folder(self) -> Path:
        """Beside the blobs: on the disk that has room for them."""
        return self.pages.context.blobs.root.parent / "uploads"

    def take(self, req: falcon.Request) -> tuple[str, dict[str, str] | None]:
        """The ticket of what a form is about, and its fields; None when its file came only now, to be looked at."""
        if (req.content_type or "").startswith(falcon.MEDIA_MULTIPART):
            return self._receive(req), None
        form = self.pages.admin_form(req)
        return form.get("ticket", ""), form

    def file(self, ticket: str) -> Path:
        """The file of this ticket; raises Problem when there is none (any more)."""
        found = list((self.folder / ticket).glob("*")) if _is_ticket(ticket) else []
        if len(found) != 1:
            raise not_found()
        return found[0]

    def forget(self, ticket: str) -> None:
        """The file has done its service."""
        shutil.rmtree(self.file(ticket).parent)

    def _receive(self, req: falcon.Request) -> str:
        """Store the file of the form and return its ticket; the form's proof comes before the file."""
        session, fields = self.pages.admin(req), {}
        parts: Iterable[Any] = req.get_media()
        for part in parts:
            if part.name != "file":
                fields[part.name] = (part.get_text() or "")[:200]
                continue
            self.pages.check_form(req, session, fields)
            return self._store(part)
        raise Problem(422, "no_file", "Choose a file first.")

    def _store(self, part: Any) -> str:
        self._forget_old()
        ticket = secrets.token_urlsafe(16)
        name = re.sub(r"[^\w.-]+", "-", Path(part.filename or "file").name)[-80:].lstrip(".-") or "file"
        place = self.folder / ticket
        place.mkdir(parents=True)
        with (place / name).open("wb") as file:
            shutil.copyfileobj(part.stream, file, _CHUNK_BYTES)
        return ticket

    def _forget_old(self) -> None:
        for place in self.folder.glob("*"):
            if time.time() - place.stat().st_mtime > _KEPT_S:
                shutil.rmtree(place, ignore_errors=True)
