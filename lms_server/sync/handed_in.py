"""Work that came on a memory stick: a laptop's file of unsent commands, settled as its learner's own sync would."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from lms_server.actions.context import Learner, ServerContext
from lms_server.actions.refusals import Refused
from lms_server.contract import wire
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.unsent import BadFile, Unsent, read_unsent
from lms_server.contract.wire import Result
from lms_server.database.tables import certificates, users
from lms_server.sentences import sentence
from lms_server.sync.settle import settle, settle_in, sort_out

OUTCOMES = ("applied", "duplicate", "parked", "rejected", "retry")
MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class HandedIn:
    """What a file came to, or would; ``exported_at`` is the laptop's clock, ``issued`` counts new certificates."""

    who: Learner
    exported_at: int
    results: tuple[Result, ...]
    issued: int
    dry_run: bool

    def report(self) -> dict[str, Any]:
        """How many commands ended how, and why those wait that do."""
        outcomes = Counter(result.outcome for result in self.results)
        why = Counter(result.code for result in self.results if result.outcome not in {"applied", "duplicate"})
        return {
            "email": self.who.email,
            "name": self.who.name,
            "commands": len(self.results),
            **{outcome: outcomes[outcome] for outcome in OUTCOMES},
            "reasons": [{"code": code, "count": count} for code, count in why.most_common()],
            "certificates": self.issued,
            "dry_run": self.dry_run,
        }


def import_work(context: ServerContext, content: bytes, *, dry_run: bool = False) -> HandedIn:
    """Settle the commands of a file as its learner; whatever a sync brings later is a duplicate. Raises Refused.

    With ``dry_run`` everything is tried in one transaction that is rolled back.
    """
    unsent, who = read_file(context, content)
    received_at = context.clock()
    # How long the file travelled is no error of the laptop's clock: only a clock that is ahead can be told.
    times = {"sent_at": max(unsent.exported_at_ms, received_at), "received_at": received_at}
    run = _try if dry_run else _settle
    results, issued = run(context, who, unsent.commands, times)
    return HandedIn(who, unsent.exported_at_ms, tuple(results), issued, dry_run)


def read_file(context: ServerContext, content: bytes) -> tuple[Unsent, Learner]:
    """The file's work and whose it is; raises Refused for files that aren't for this server or for nobody here."""
    try:
        unsent = read_unsent(content)
    except BadFile as error:
        raise Refused(error.code, str(error)) from error
    whose = f"{unsent.name} ({unsent.email})" if unsent.email else sentence("somebody")
    if unsent.server_id != context.identity.server_id:
        raise Refused("wrong_server", "This is work of {whose} for another server. Import it there.", whose=whose)
    if unsent.user is None:
        raise Refused("no_learner", "A guest wrote this file: nothing in it belongs to an account.")
    with reading(context.engine) as conn:
        query = select(users.c.id, users.c.uid, users.c.name, users.c.email, users.c.disabled_at)
        row = conn.execute(query.where(users.c.uid == unsent.user)).one_or_none()
    if row is None:
        words = (
            "This is work of {whose}, whose account isn't on this server. If a restore lost it, add the learner with"
            " the very same e-mail address, then import the file again."
        )
        raise Refused("unknown_user", words, whose=whose)
    if row.disabled_at is not None:
        raise Refused(
            "account_disabled", "The account of {email} is disabled, so its work can't be imported.", email=row.email
        )
    return unsent, Learner(row.id, row.uid, row.name, row.email)


def _settle(
    context: ServerContext, who: Learner, commands: list[Any], times: Mapping[str, int]
) -> tuple[list[Result], int]:
    """The results, and how many certificates were issued; each batch is a transaction, as in a sync."""
    with reading(context.engine) as conn:
        before = _count_issued(conn, who)
    results = [result for batch in _batches(commands) for result in settle(context, who, batch, **times)]
    with reading(context.engine) as conn:
        return results, _count_issued(conn, who) - before


def _try(
    context: ServerContext, who: Learner, commands: list[Any], times: Mapping[str, int]
) -> tuple[list[Result], int]:
    """What ``_settle`` would give; nothing of it stays."""
    results: list[Result] = []
    with writing(context.engine) as conn:
        before = _count_issued(conn, who)
        for batch in _batches(commands):
            results += settle_in(conn, context, who, sort_out(batch), **times)
        issued = _count_issued(conn, who) - before
        conn.rollback()
    return results, issued


def _batches(commands: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(commands), wire.MAX_COMMANDS):
        yield commands[first : first + wire.MAX_COMMANDS]


def _count_issued(conn: Connection, who: Learner) -> int:
    query = select(func.count()).select_from(certificates).where(certificates.c.user_id == who.id)
    return int(conn.execute(query).scalar_one())
