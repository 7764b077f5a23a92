"""``backup``, ``restore``, ``blobs clean`` and ``doctor``: keep the server well."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lms_server.actions.context import read_server
from lms_server.actions.refusals import Refused
from lms_server.actions.unused_blobs import clean_blobs
from lms_server.cli.arguments import command, group, server_of
from lms_server.cli.output import many, show
from lms_server.contract.sqlite import reading
from lms_server.jobs.holds import count_held
from lms_server.jobs.journal import Journal
from lms_server.operate.backup import write_backup
from lms_server.operate.doctor import examine
from lms_server.operate.presence import present
from lms_server.operate.restore import restore_backup


def add_commands(commands: Any) -> None:
    """Put the verbs of upkeep on the command line."""
    backup = command(commands, "backup", _backup, "write everything into one file, while the server runs")
    backup.add_argument("file", metavar="FILE", type=Path)
    restore = command(commands, "restore", _restore, "make the server of a backup again")
    restore.add_argument("file", metavar="FILE", type=Path)
    blobs = group(commands, "blobs", "the files of lessons and certificates")
    clean = command(blobs, "clean", _clean, "remove files that nothing has named for a day, while the server runs")
    clean.add_argument("--dry-run", action="store_true", help="only say what would go")
    doctor = command(commands, "doctor", _doctor, "prove that nothing is missing, doubled or lost")
    doctor.add_argument("--deep", action="store_true", help="also read every file of lessons and certificates")


def _backup(args: Namespace) -> None:
    server_of(args)
    if args.file.is_dir():
        raise Refused(
            "is_a_folder", f"{args.file} is a folder; name a file in it, such as {args.file / 'monday.backup'}."
        )
    written = write_backup(args.settings, args.file.absolute())
    document = {"file": str(written.path), "files": written.files, "size": written.size}
    show(args, document, f"backed up {many(written.files, 'file')} into {written.path}; read back and found whole")


def _restore(args: Namespace) -> None:
    restore_backup(args.settings, args.file)
    with reading(server_of(args).engine) as conn:
        epoch = read_server(conn).epoch
        held = count_held(conn, Journal(args.settings.journal_file))
    words = "restored; desktops will send again what the backup lacks"
    if held:
        words += f"\n{many(held, 'mail')} may have gone after this backup: look through mail list, then mail release"
    show(args, {"restored": str(args.file), "epoch": epoch, "held": held}, words)


def _clean(args: Namespace) -> None:
    with present(args.settings.data, alone=False):
        cleaned = clean_blobs(server_of(args), dry_run=args.dry_run)
    document = {
        "removed": sorted(cleaned.removed),
        "freed": sum(cleaned.removed.values()),
        "waiting": sorted(cleaned.waiting),
        "waiting_bytes": sum(cleaned.waiting.values()),
    }
    gone = f"{many(len(cleaned.removed), 'file')} ({document['freed']} bytes)"
    verb = "would remove" if args.dry_run else "removed"
    show(args, document, f"{verb} {gone}; {len(cleaned.waiting)} more are unused, for less than a day")


def _doctor(args: Namespace) -> int:
    checks = examine(server_of(args), args.settings, deep=args.deep)
    ok = all(check.ok for check in checks)
    lines = [f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}" for check in checks]
    show(args, {"ok": ok, "checks": [asdict(check) for check in checks]}, "\n".join(lines))
    return 0 if ok else 1
