"""``/admin/mails`` and ``/admin/backup``: send again, let go, and keep a copy of everything."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import falcon

from lms_server.actions.backups import last_backup
from lms_server.actions.context import ServerContext
from lms_server.contract.sqlite import writing
from lms_server.contract.times import to_wire
from lms_server.database.clock import database_now
from lms_server.jobs.certificate_mails import CannotResend, resend
from lms_server.jobs.holds import release
from lms_server.jobs.journal import Journal
from lms_server.settings import Settings
from lms_server.web.errors import Problem, not_found
from lms_server.web.pages import Pages, go_on


@dataclass(frozen=True)
class Upkeep:
    """What a running server is given for its upkeep; ``back_up`` writes everything into one file."""

    journal_file: Path
    backups: Path
    back_up: Callable[[Path], object]
    # What the environment said; None where a page about it would have nothing to show.
    settings: Settings | None = None


@dataclass(frozen=True)
class MailsForm:
    """POST /admin/mails: an admin's decision about one mail, or about those that are held."""

    pages: Pages
    upkeep: Upkeep

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = self.pages.admin_form(req)
        try:
            self._change(self.pages.context, form)
        except CannotResend as error:
            raise Problem(409, "cannot_resend", error.said) from error
        go_on(resp, "/admin/certificates")

    def _change(self, context: ServerContext, form: dict[str, str]) -> None:
        journal = Journal(self.upkeep.journal_file)
        with writing(context.engine) as conn:
            if form.get("do") == "release":
                release(conn, journal, database_now(conn))
            else:
                resend(conn, journal, form.get("uuid", ""), database_now(conn))


@dataclass(frozen=True)
class BackupPage:
    """``/admin/backup``: make one now, fetch the ones that are there."""

    pages: Pages
    upkeep: Upkeep

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.admin(req)
        files = [(path.name, path.stat()) for path in self._files()]
        rows = [{"name": name, "size": stat.st_size, "at": int(stat.st_mtime * 1000)} for name, stat in files]
        last = last_backup(self.upkeep.backups.parent)
        self.pages.show(resp, "admin/backup.html", session, rows=rows, last=last)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.pages.admin_form(req)
        stamp = to_wire(self.pages.context.clock())[:19].replace(":", "")
        self.upkeep.back_up(self.upkeep.backups / f"backup-{stamp}Z.zip")
        go_on(resp, "/admin/backup")

    def _files(self) -> list[Path]:
        return sorted(self.upkeep.backups.glob("backup-*.zip"), reverse=True)


@dataclass(frozen=True)
class BackupFile:
    """``/admin/backup/{name}``."""

    pages: Pages
    upkeep: Upkeep

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        self.pages.admin(req)
        path = next((path for path in self.upkeep.backups.glob("backup-*.zip") if path.name == name), None)
        if path is None:
            raise not_found()
        resp.content_type = "application/zip"
        resp.downloadable_as = path.name
        resp.content_length = path.stat().st_size
        if req.method != "HEAD":
            resp.stream = path.open("rb")
