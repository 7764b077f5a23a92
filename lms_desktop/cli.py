"""The app without its window: the same store and the same sync, for scripts and for tests."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from lms_desktop.settings import find_home, read_device
from lms_desktop.store import unused, wanted
from lms_desktop.store.errors import Refused, Storage, StorageTrouble
from lms_desktop.store.export import export
from lms_desktop.store.glance import Glance
from lms_desktop.store.profile import said_plainly
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.rescue import export_unopened
from lms_desktop.store.rows import CourseRow
from lms_desktop.store.store import Store
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.downloads import Download, bring
from lms_desktop.sync.errors import BadCredentials, Disabled, SignedOut, Trouble
from lms_desktop.sync.session import Session
from lms_desktop.ui import shortcut
from lms_server.certificates.verify import NotGenuine, verify_pdf
from lms_server.contract.commands import Code
from lms_server.contract.times import now_ms, to_wire

DONE, REFUSED, USAGE, OFFLINE, SIGN_IN, STORAGE = range(6)

# Another command, or a window that closes, lets go of a profile in less.
_PATIENCE_S = 5.0


class Usage(Exception):
    """The command can't be carried out as it was given."""


def run(args: argparse.Namespace) -> int:
    """Run the headless command that was parsed; returns its exit code. Reasons go to stderr."""
    _speak_utf8()
    home = find_home(os.environ, args.home)
    try:
        with said_plainly():
            accounts = Accounts(Profiles(home), read_device(home))
        return int(args.run(accounts, args) or DONE)
    except Refused as error:
        return _say(error, REFUSED)
    except (Usage, UnicodeEncodeError) as error:
        return _say(error, USAGE)
    except (SignedOut, BadCredentials, Disabled) as error:
        return _say(error, SIGN_IN)
    except Trouble as error:
        return _say(error, OFFLINE)
    except (StorageTrouble, OSError) as error:
        return _say(error, STORAGE)


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="lms-desktop", description="Learn offline. Without a command: the window.")
    parser.add_argument("--home", help="the app's folder (else LMS_DESKTOP_HOME, else the platform's)")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--home", help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    for place, otherwise in ((parser, False), (shared, argparse.SUPPRESS)):
        place.add_argument("--json", action="store_true", default=otherwise, help="print one JSON document")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, run: Callable[..., int | None], about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, parents=[shared])
        command.set_defaults(run=run)
        return command

    login = add("login", _login, "sign in at a server")
    login.add_argument("--server", required=True, metavar="URL")
    login.add_argument("--email", required=True, metavar="E")
    login.add_argument("--password-stdin", action="store_true", required=True, help="read the password from stdin")
    add("logout", _logout, "sign out; unsent work stays")
    add("accounts", _accounts, "who learns on this laptop")
    add("switch", _switch, "let another learner go on").add_argument("email", metavar="EMAIL")
    add("catalog", _catalog, "courses and lessons")
    add("download", _download, "fetch a course for reading offline").add_argument("slug", metavar="SLUG")
    add("enroll", _enroll, "take up a course").add_argument("slug", metavar="SLUG")
    add("start", _start, "open a lesson").add_argument("lesson", metavar="LESSON_UID")
    add("complete", _complete, "finish a lesson").add_argument("lesson", metavar="LESSON_UID")
    add("sync", _sync, "send and receive")
    add("status", _status, "what is saved, sent and waiting")
    add("certificates", _certificates, "certificates, and where their files are").add_argument("--save", metavar="DIR")
    add("export", _export, "write unacknowledged commands to a file").add_argument("file", metavar="FILE")
    add("verify", _verify, "check a certificate's file").add_argument("file", metavar="FILE")
    entry = add("shortcut", _shortcut, "put the app into the desktop's menu (Linux)")
    entry.add_argument("--remove", action="store_true", help="take it out again")
    return parser


def _login(accounts: Accounts, args: argparse.Namespace) -> None:
    password = sys.stdin.readline().rstrip("\r\n")
    folder = accounts.sign_in(args.server, args.email, password)
    with _opened(accounts, folder) as store:
        store.note_sign_in(needed=False)
        learner = store.learner
    _print(args, {"user": learner.uid, "email": learner.email}, f"Signed in as {learner.name} ({learner.email})")


def _logout(accounts: Accounts, args: argparse.Namespace) -> None:
    folder = accounts.profiles.current()
    if folder is None:
        raise SignedOut("Nobody is signed in.")
    with _opened(accounts, folder) as store:
        pending = store.views.counts()["pending"]
    accounts.sign_out(folder)
    text = f"Signed out. {pending} to send: they are kept for the next sign-in." if pending else "Signed out."
    _print(args, {"pending": pending}, text)


def _accounts(accounts: Accounts, args: argparse.Namespace) -> None:
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
    _print(args, rows, "\n".join(lines))


def _switch(accounts: Accounts, args: argparse.Namespace) -> None:
    found = [row for row in accounts.profiles.all() if row.learner.email.casefold() == args.email.casefold()]
    if not found:
        raise SignedOut(f"{args.email} has no profile on this laptop. Use: lms-desktop login")
    accounts.profiles.make_current(accounts.profiles.folder_of(found[0]))
    _print(args, {"email": found[0].learner.email}, f"Now learning: {found[0].learner.name}")


def _catalog(accounts: Accounts, args: argparse.Namespace) -> None:
    with _looked_at(accounts) as store:
        rows = [_catalog_row(store, course) for course in store.views.catalog().courses]
    lines = [f"{row['slug']}  {row['title']}  ({len(row['lessons'])} lessons)" for row in rows]
    _print(args, rows, "\n".join(lines))


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


def _download(accounts: Accounts, args: argparse.Namespace) -> None:
    with _current(accounts) as store, _connected(store) as client:
        uid = _course(store, args.slug).uid
        wanted.ask(store, uid, "queued")
        size = bring(Download(store, client, uid))
    _print(args, {"bytes": size}, f"Downloaded {size} bytes.")


def _enroll(accounts: Accounts, args: argparse.Namespace) -> None:
    with _current(accounts) as store:
        _saved(args, store.enroll(_course(store, args.slug).uid))


def _start(accounts: Accounts, args: argparse.Namespace) -> None:
    with _current(accounts) as store:
        _saved(args, store.start(args.lesson))


def _complete(accounts: Accounts, args: argparse.Namespace) -> None:
    with _current(accounts) as store:
        _saved(args, store.complete(args.lesson))


def _sync(accounts: Accounts, args: argparse.Namespace) -> None:
    with _current(accounts) as store, _connected(store) as client:
        report = Session(store, client, accounts.device).run()
        # It was told when the profile was opened, and now the rest is back.
        store.dismiss_notice()
        unused.clean(store)
        pending = store.views.counts()["pending"]
    row = {name: value for name, value in asdict(report).items() if name in _REPORTED} | {"pending": pending}
    _print(args, row, f"Sent {report.sent}, received {report.received}, {pending} to send.")


def _status(accounts: Accounts, args: argparse.Namespace) -> None:
    with _looked_at(accounts) as store:
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
        print(f"lms-desktop: {warning}", file=sys.stderr)
    text = "{pending} to send, {parked} kept waiting by the server, {rejected} need attention"
    if row["trouble"] is not None:
        text += "; the last sync ended with {trouble}"
    _print(args, row, text.format(**counts, trouble=row["trouble"]))


def _certificates(accounts: Accounts, args: argparse.Namespace) -> None:
    with _looked_at(accounts) as store:
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
    _print(args, rows, "\n".join(f"{row['course_title']}  {row['file'] or 'comes with the next sync'}" for row in rows))


def _export(accounts: Accounts, args: argparse.Namespace) -> None:
    file = Path(args.file)
    try:
        with _looked_at(accounts) as store:
            count = export(store, file)
    except StorageTrouble as trouble:
        folder = accounts.profiles.current()
        if folder is None or trouble.code not in {Storage.NEWER, Storage.READ_ONLY}:
            raise
        # The way out for the unsent work when the app may not write.
        count = export_unopened(folder, file, now_ms())
    _print(args, {"commands": count, "file": args.file}, f"Wrote {count} commands to {args.file}")


def _shortcut(_accounts: Accounts, args: argparse.Namespace) -> None:
    if sys.platform in {"win32", "darwin"}:
        raise Usage("Only menus of Linux and its like are known; make a shortcut to lms-desktop as usual here.")
    files = shortcut.remove(os.environ) if args.remove else shortcut.install(os.environ, args.home)
    _print(args, {"files": [str(file) for file in files]}, "\n".join(str(file) for file in files))


def _verify(accounts: Accounts, args: argparse.Namespace) -> int:
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
        _print(args, asdict(facts), text)
        return DONE
    print(f"lms-desktop: {why}", file=sys.stderr)
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


@contextmanager
def _current(accounts: Accounts) -> Iterator[Store]:
    with _opened(accounts, _signed_in(accounts)) as store:
        yield store


@contextmanager
def _looked_at(accounts: Accounts) -> Iterator[Store | Glance]:
    """The profile for a command that only reads: it needn't wait for who has it open."""
    folder = _signed_in(accounts)
    try:
        store: Store | Glance = accounts.profiles.open(folder)
    except StorageTrouble as trouble:
        if trouble.code is not Storage.IN_USE:
            raise
        store = accounts.profiles.glance(folder)
    with _told_and_closed(store):
        yield store


def _signed_in(accounts: Accounts) -> Path:
    folder = accounts.profiles.current()
    if folder is None:
        raise SignedOut("Nobody is signed in. Use: lms-desktop login --server URL --email E --password-stdin")
    return folder


@contextmanager
def _opened(accounts: Accounts, folder: Path) -> Iterator[Store]:
    store = _open_patiently(accounts, folder)
    with _told_and_closed(store):
        yield store


@contextmanager
def _told_and_closed(store: Store | Glance) -> Iterator[None]:
    if store.notice is not None:
        print(f"lms-desktop: {store.notice.text}", file=sys.stderr)
    try:
        yield
    finally:
        store.close()


def _open_patiently(accounts: Accounts, folder: Path) -> Store:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return accounts.profiles.open(folder)
        except StorageTrouble as trouble:
            if trouble.code is not Storage.IN_USE or time.monotonic() > until:
                raise
        time.sleep(0.05)


@contextmanager
def _connected(store: Store) -> Iterator[Client]:
    token = Credentials(store.folder).read()
    if token is None and not store.learner.is_guest:
        raise SignedOut("Sign in again to send your work. Use: lms-desktop login")
    client = Client(store.place.url, token)
    try:
        yield client
    finally:
        client.close()


def _saved(args: argparse.Namespace, command_id: str) -> None:
    if args.json:
        _print(args, {"saved": command_id}, "")
    else:
        # At once: whoever reads this may rely on it, whatever happens to us next.
        print(f"SAVED {command_id}", flush=True)


def _speak_utf8() -> None:
    # Files and pipes get UTF-8 whatever the system's encoding; no letter stops a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _print(args: argparse.Namespace, document: Any, text: str) -> None:
    print(json.dumps(document, ensure_ascii=False) if args.json else text)


def _say(error: Exception, code: int) -> int:
    text = "What was typed isn't text in UTF-8." if isinstance(error, UnicodeEncodeError) else str(error)
    if isinstance(error, Refused | Trouble | StorageTrouble):
        # The sentence is for people, the code for scripts.
        text = f"{text} ({error.code})"
    if isinstance(error, OSError) and error.filename:
        text = f"{error.filename2 or error.filename}: {error.strerror}"
    print(f"lms-desktop: {text}", file=sys.stderr)
    return code


_REPORTED = {"sent", "applied", "duplicate", "parked", "rejected", "received"}
