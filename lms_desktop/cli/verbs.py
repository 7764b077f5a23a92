"""What the commands do, one function each."""

import argparse
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import Any

from lms_desktop.cli.codes import DONE, REFUSED, Usage
from lms_desktop.cli.opening import connected, current, looked_at, opened
from lms_desktop.cli.output import many, saved, show, warn
from lms_desktop.store import unused, wanted
from lms_desktop.store.errors import Refused, Storage, StorageTrouble
from lms_desktop.store.export import export as write_export
from lms_desktop.store.glance import Glance
from lms_desktop.store.rescue import export_unopened
from lms_desktop.store.rows import CourseRow
from lms_desktop.store.store import Store
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.downloads import Download, bring
from lms_desktop.sync.errors import SignedOut
from lms_desktop.sync.session import Session
from lms_desktop.ui import shortcut as menu_entry
from lms_server.certificates.verify import NotGenuine, verify_pdf
from lms_server.contract.commands import Code
from lms_server.contract.times import now_ms, to_wire


def login(accounts: Accounts, args: argparse.Namespace) -> None:
    """Sign in, and make the profile the one that is open next."""
    password = _password()
    folder = accounts.sign_in(args.server, args.email, password)
    with opened(accounts, folder) as store:
        store.note_sign_in(needed=False)
        learner = store.learner
    show(args, {"user": learner.uid, "email": learner.email}, f"Signed in as {learner.name} ({learner.email})")


def _password() -> str:
    """One line of standard input; who types it is asked for it, and it isn't shown."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    with suppress(EOFError):
        return getpass()
    return ""


def logout(accounts: Accounts, args: argparse.Namespace) -> None:
    """Sign out; what is unsent waits for the next sign-in."""
    folder = accounts.profiles.current()
    if folder is None:
        raise SignedOut("Nobody is signed in.")
    with opened(accounts, folder) as store:
        pending = store.views.counts()["pending"]
    accounts.sign_out(folder)
    text = f"Signed out. {pending} to send: they are kept for the next sign-in." if pending else "Signed out."
    show(args, {"pending": pending}, text)


def accounts(accounts: Accounts, args: argparse.Namespace) -> None:
    """Who has a profile here, and how much of their work is unsent."""
    rows = [
        {
            "server": row.place.url,
            "email": row.learner.email,
            "name": row.learner.name,
            "pending": row.pending,
            "current": row.is_current,
        }
        for row in accounts.profiles.all()
    ]
    lines = [f"{'*' if r['current'] else ' '} {r['email']}  {r['pending']} to send  {r['server']}" for r in rows]
    show(args, rows, "\n".join(lines) or "Nobody learns on this laptop yet.")


def switch(accounts: Accounts, args: argparse.Namespace) -> None:
    """Let another learner of this laptop go on."""
    found = [row for row in accounts.profiles.all() if row.learner.email.casefold() == args.email.casefold()]
    if not found:
        raise SignedOut(f"{args.email} has no profile on this laptop. Use: lms-desktop login")
    accounts.profiles.make_current(accounts.profiles.folder_of(found[0]))
    show(args, {"email": found[0].learner.email}, f"Now learning: {found[0].learner.name}")


def catalog(accounts: Accounts, args: argparse.Namespace) -> None:
    """Courses and their lessons, as far as this laptop knows them."""
    with looked_at(accounts) as store:
        rows = [_catalog_row(store, course) for course in store.views.catalog().courses]
    lines = [f"{row['slug']}  {row['title']}  ({many(len(row['lessons']), 'lesson')})" for row in rows]
    show(args, rows, "\n".join(lines) or "No courses yet. Hear of them with: lms-desktop sync")


def _catalog_row(store: Store | Glance, course: CourseRow) -> dict[str, Any]:
    page = store.views.course(course.uid)
    return {
        "uid": course.uid,
        "slug": course.slug,
        "title": course.title,
        "level": course.level,
        "enrolled": course.is_enrolled,
        "completed": 0 < course.lessons == course.completed,
        "lessons": [
            {
                "uid": lesson.uid,
                "title": lesson.title,
                "order": lesson.number,
                "is_free_preview": lesson.is_free_preview,
                "completed": lesson.is_completed,
            }
            for lesson in (page.lessons if page else ())
        ],
    }


def download(accounts: Accounts, args: argparse.Namespace) -> None:
    """Fetch a course to its last file."""
    with current(accounts) as store, connected(store) as client:
        uid = _course(store, args.slug).uid
        wanted.ask(store, uid, "queued")
        size = bring(Download(store, client, uid))
    show(args, {"bytes": size}, f"Downloaded {size} bytes.")


def enroll(accounts: Accounts, args: argparse.Namespace) -> None:
    """Take up a course; saved when this returns."""
    with current(accounts) as store:
        saved(args, store.enroll(_course(store, args.slug).uid))


def start(accounts: Accounts, args: argparse.Namespace) -> None:
    """Open a lesson; saved when this returns."""
    with current(accounts) as store:
        saved(args, store.start(args.lesson))


def complete(accounts: Accounts, args: argparse.Namespace) -> None:
    """Finish a lesson; saved when this returns."""
    with current(accounts) as store:
        saved(args, store.complete(args.lesson))


def sync(accounts: Accounts, args: argparse.Namespace) -> None:
    """Send and receive until nothing is left either way."""
    with current(accounts) as store, connected(store) as client:
        report = Session(store, client, accounts.device).run()
        # It was told when the profile was opened, and now the rest is back.
        store.dismiss_notice()
        unused.clean(store)
        pending = store.views.counts()["pending"]
    row = {name: value for name, value in asdict(report).items() if name in _REPORTED} | {"pending": pending}
    show(args, row, f"Sent {report.sent}, received {report.received}, {pending} to send.")


def status(accounts: Accounts, args: argparse.Namespace) -> None:
    """What is saved, sent and waiting."""
    with looked_at(accounts) as store:
        counts, status = store.views.counts(), store.views.status()
        last = status["last_sync_at"]
        row = {
            "server": store.place.url,
            "user": store.learner.uid,
            **counts,
            "acknowledged": status["acknowledged"],
            "last_sync": to_wire(last) if last is not None else None,
            "epoch": status["epoch"],
            "attention": status["attention"],
            "trouble": status["trouble"],
            "warnings": [risk.text] if (risk := store.views.risk()) is not None else [],
        }
    for warning in row["warnings"]:
        warn(warning)
    text = "{pending} to send, {parked} kept waiting by the server, {rejected} need attention"
    if row["trouble"] is not None:
        text += "; the last sync ended with {trouble}"
    show(args, row, text.format(**counts, trouble=row["trouble"]))


def certificates(accounts: Accounts, args: argparse.Namespace) -> None:
    """The certificates that are here, and copies of their files."""
    with looked_at(accounts) as store:
        rows = [
            {
                "uuid": row.uuid,
                "course": row.course_slug,
                "course_title": row.course_title,
                "issued_at": to_wire(row.issued_at),
                "file": _saved_copy(row.file, row.uuid, args.save),
            }
            for row in store.views.certificates().certificates
        ]
    lines = [f"{row['course_title']}  {row['file'] or 'comes with the next sync'}" for row in rows]
    show(args, rows, "\n".join(lines) or "No certificates yet.")


def export(accounts: Accounts, args: argparse.Namespace) -> None:
    """Unacknowledged commands as a file, even of a profile that this app may not write."""
    file = Path(args.file)
    try:
        with looked_at(accounts) as store:
            count = write_export(store, file)
    except StorageTrouble as trouble:
        folder = accounts.profiles.current()
        if folder is None or trouble.code not in {Storage.NEWER, Storage.READ_ONLY}:
            raise
        # The way out for the unsent work when the app may not write.
        count = export_unopened(folder, file, now_ms())
    show(args, {"commands": count, "file": args.file}, f"Wrote {many(count, 'command')} to {args.file}")


def shortcut(_accounts: Accounts, args: argparse.Namespace) -> None:
    """Put the app into the desktop's menu, or take it out."""
    if sys.platform in {"win32", "darwin"}:
        raise Usage("Only menus of Linux and its like are known; make a shortcut to lms-desktop as usual here.")
    files = menu_entry.remove(os.environ) if args.remove else menu_entry.install(os.environ, args.home)
    show(args, {"files": [str(file) for file in files]}, "\n".join(str(file) for file in files))


def verify(accounts: Accounts, args: argparse.Namespace) -> int:
    """Whether a certificate's file is genuine, by the keys of the servers this laptop knows."""
    try:
        content = Path(args.file).read_bytes()
    except OSError as error:
        raise Usage(f"{args.file} can't be read: {error.strerror}") from error
    why: NotGenuine | str = "This laptop knows no server yet, so nothing can be checked. Sign in first."
    for key in accounts.profiles.public_keys():
        try:
            facts = verify_pdf(content, key)
        except NotGenuine as error:
            why = error
            continue
        text = f"Genuine: {facts.learner_name} completed {facts.course_title} on {facts.completed_at[:10]}"
        show(args, asdict(facts), text)
        return DONE
    warn(str(why))
    return REFUSED


def _saved_copy(file: str | None, uuid: str, folder: str | None) -> str | None:
    if file is None or folder is None:
        return file
    Path(folder).mkdir(parents=True, exist_ok=True)
    copy = Path(folder) / f"{uuid}.pdf"
    copy.write_bytes(Path(file).read_bytes())
    return str(copy)


def _course(store: Store, slug: str) -> CourseRow:
    found = store.views.course_by_slug(slug)
    if found is None:
        raise Refused(Code.UNKNOWN_COURSE)
    return found


_REPORTED = {"sent", "applied", "duplicate", "parked", "rejected", "received"}
