"""``/admin/learners/import``: a class list comes in as CSV, is looked at first, and becomes accounts on a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon

from lms_server.actions.refusals import Refused
from lms_server.actions.roster import MOST_BYTES, RosterLine, import_roster, preview_roster, read_roster
from lms_server.actions.users import NewUser
from lms_server.sentences import Sentence
from lms_server.web.pages import Pages
from lms_server.web.waiting import WaitingRoom

# Each password costs a moment's work, and a browser waits for all of them.
_MOST_AT_ONCE = 1_000


@dataclass(frozen=True)
class RosterPage:
    """Choose a CSV file; see who is new; make the accounts, and write down the passwords."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        room = WaitingRoom(self.pages)
        ticket, form = room.take(req)
        try:
            roster = _read(room.file(ticket))
        except Refused as refusal:
            self._show(req, resp, error=refusal.said)
            resp.status = 422
            return
        if form is None:
            self._show(req, resp, preview_roster(self.pages.context, roster), ticket=ticket)
            return
        lines = import_roster(self.pages.context, roster)
        room.forget(ticket)
        # Passwords that were made up stand on this page only: nowhere else, and never again.
        self._show(req, resp, lines, is_done=True)

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        lines: Sequence[RosterLine] = (),
        *,
        ticket: str = "",
        error: Sentence | None = None,
        is_done: bool = False,
    ) -> None:
        session = self.pages.admin(req)
        values: dict[str, Any] = {
            "lines": lines,
            "new": sum(line.state in {"new", "added"} for line in lines),
            "ticket": ticket,
            "error": error,
            "is_done": is_done,
        }
        self.pages.show(resp, "admin/roster.html", session, **values)


def _read(path: Path) -> list[NewUser]:
    with path.open("rb") as file:
        roster = read_roster(file.read(MOST_BYTES + 1), path.name)
    if len(roster) > _MOST_AT_ONCE:
        words = "Here at most {most} accounts come in at once; take: lms-server user import CSV"
        raise Refused("bad_csv", words, most=_MOST_AT_ONCE)
    return roster
