"""``work``: bring unsent work from a memory stick to the server."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from lms_server.actions.refusals import Refused
from lms_server.cli.arguments import command, group, server_of
from lms_server.cli.output import show
from lms_server.contract.times import to_wire
from lms_server.sync.handed_in import MOST_BYTES, OUTCOMES, import_work

_WORDS = {
    "applied": "applied",
    "duplicate": "here already",
    "parked": "kept waiting",
    "rejected": "can't be read",
    "retry": "have no room now; import the file again later",
}


def add_commands(commands: Any) -> None:
    """Put the verb of unsent work on the command line."""
    verbs = group(commands, "work", "learners' work that came on a memory stick")
    bring = command(verbs, "import", _import, "settle a laptop's file of unsent work, as a sync would")
    bring.add_argument("file", metavar="FILE", type=Path)
    bring.add_argument("--dry-run", action="store_true", help="say what would come of it; change nothing")


def _import(args: Namespace) -> None:
    with args.file.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused("no_unsent_work", f"{args.file.name} is too large for a file of unsent work.")
    done = import_work(server_of(args), content, dry_run=args.dry_run)
    report = done.report()
    size = _counted(report["commands"], "command")
    lines = [f"{report['name']} ({report['email']}): {size}, written {to_wire(done.exported_at)}"]
    lines += [f"  {report[outcome]} {_WORDS[outcome]}" for outcome in OUTCOMES if report[outcome]]
    lines += [f"    {reason['count']} {reason['code']}" for reason in report["reasons"]]
    lines += [f"  {_counted(report['certificates'], 'certificate')} issued"] if report["certificates"] else []
    lines += ["Nothing was changed: this was a dry run."] if done.dry_run else []
    show(args, report | {"file": str(args.file), "exported_at": to_wire(done.exported_at)}, "\n".join(lines))


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
