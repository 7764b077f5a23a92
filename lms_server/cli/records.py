"""``enroll``, ``progress``, ``certificate`` and ``parked``: who has what."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from lms_server.actions.refusals import Refused
from lms_server.actions.reports import list_certificates, list_parked, list_progress
from lms_server.actions.users import find_user
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import PDF_BYTES, NotGenuine, verify_pdf
from lms_server.cli.arguments import command, group, server_of
from lms_server.cli.output import show, when
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep


def add_commands(commands: Any) -> None:
    """Put the verbs about learners' records on the command line."""
    enroll = command(commands, "enroll", _enroll, "enroll a learner in a published course")
    enroll.add_argument("email", metavar="EMAIL")
    enroll.add_argument("slug", metavar="SLUG")
    progress = command(group(commands, "progress", "lessons started and completed"), "list", _progress, "list them")
    progress.add_argument("--email", metavar="E", help="only this learner")
    progress.add_argument("--course", metavar="SLUG", help="only this course")
    certificates = group(commands, "certificate", "issued certificates")
    command(certificates, "list", _certificates, "list all certificates")
    verify = command(certificates, "verify", _verify, "check a certificate's PDF file")
    verify.add_argument("file", metavar="FILE", type=Path)
    parked = group(commands, "parked", "work that the server keeps waiting")
    command(parked, "list", _parked, "what waits, and why")
    command(parked, "replay", _replay, "try all of it again")


def _enroll(args: Namespace) -> None:
    context = server_of(args)
    user = find_user(context, args.email)
    code = enroll_user(context, user.learner, args.slug)
    show(args, {"email": user.email, "course": args.slug, "code": code.value}, f"enrolled {user.email} in {args.slug}")


def _progress(args: Namespace) -> None:
    rows = list_progress(server_of(args), args.email, args.course)
    document = [
        {
            "email": row.email,
            "course": row.course,
            "lesson": row.lesson,
            "started_at": when(row.started_at),
            "completed_at": when(row.completed_at),
            "command_id": row.command_id,
        }
        for row in rows
    ]
    show(args, document)


def _certificates(args: Namespace) -> None:
    document = [
        {
            "uuid": row.uuid,
            "email": row.email,
            "course": row.course,
            "learner_name": row.learner_name,
            "course_title": row.course_title,
            "completed_at": when(row.completed_at),
            "issued_at": when(row.issued_at),
            "pdf_sha256": row.pdf_sha256,
        }
        for row in list_certificates(server_of(args))
    ]
    show(args, document)


def _verify(args: Namespace) -> None:
    context = server_of(args)
    with args.file.open("rb") as file:
        content = file.read(PDF_BYTES + 1)
    try:
        facts = verify_pdf(content, public_key_of(context.identity.signing_key))
    except NotGenuine as error:
        raise Refused("not_genuine", f"{args.file.name} is not a genuine certificate: {error}.") from error
    document = {
        "uuid": facts.uuid,
        "learner_name": facts.learner_name,
        "course_title": facts.course_title,
        "issuer": facts.issuer,
        "completed_at": facts.completed_at,
        "issued_at": facts.issued_at,
    }
    show(args, document)


def _parked(args: Namespace) -> None:
    document = [
        {
            "command_id": row.command_id,
            "email": row.email,
            "kind": json.loads(row.command).get("kind"),
            "code": row.code,
            "parked_at": when(row.parked_at),
        }
        for row in list_parked(server_of(args))
    ]
    show(args, document)


def _replay(args: Namespace) -> None:
    context = server_of(args)
    applied = sweep(context)
    document = {"applied": applied, "waiting": len(list_parked(context))}
    show(args, document, f"{applied} applied, {document['waiting']} still waiting")
