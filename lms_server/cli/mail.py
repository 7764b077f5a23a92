"""``mail``: what goes to learners, what is in doubt, and what is held."""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from lms_server.actions.refusals import Refused
from lms_server.cli.arguments import command, group, server_of
from lms_server.cli.output import many, show
from lms_server.contract.sqlite import reading, writing
from lms_server.database.clock import database_now
from lms_server.jobs.certificate_mails import CannotResend, list_mails, resend
from lms_server.jobs.holds import release
from lms_server.jobs.journal import Journal
from lms_server.jobs.queue import State


def add_commands(commands: Any) -> None:
    """Put the verbs of mails on the command line."""
    verbs = group(commands, "mail", "mails that bring certificates")
    command(verbs, "list", _list, "list all mails and their states")
    again = command(verbs, "resend", _resend, "send the very same mail once more")
    again.add_argument("uuid", metavar="UUID")
    command(verbs, "release", _release, "let held mails go")


def _list(args: Namespace) -> None:
    with reading(server_of(args).engine) as conn:
        rows = list_mails(conn)
    show(args, [asdict(row) for row in rows])


def _resend(args: Namespace) -> None:
    context = server_of(args)
    try:
        with writing(context.engine) as conn:
            before = resend(conn, Journal(args.settings.journal_file), args.uuid, database_now(conn))
    except CannotResend as error:
        raise Refused("cannot_resend", error.said) from error
    copy = "; it was accepted before, so a second copy goes out" if before is State.ACCEPTED else ""
    show(args, {"certificate": args.uuid, "state": "queued", "was": before}, f"queued again: {args.uuid}{copy}")


def _release(args: Namespace) -> None:
    context = server_of(args)
    with writing(context.engine) as conn:
        released = release(conn, Journal(args.settings.journal_file), database_now(conn))
    show(args, {"released": released}, f"{many(released, 'mail')} released")
