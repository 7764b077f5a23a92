"""The app without its window: the same store and the same sync, for scripts and for tests."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import version

from lms_desktop.cli import verbs
from lms_desktop.cli.codes import CODES, DONE, INTERRUPTED
from lms_desktop.cli.output import complain, speak_utf8
from lms_desktop.settings import find_home, read_device
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.trouble import as_storage_trouble
from lms_desktop.sync.accounts import Accounts

# Adds a command: its name, what runs it, and what it is about.
Add = Callable[[str, Callable[..., int | None], str], argparse.ArgumentParser]


def run(args: argparse.Namespace) -> int:
    """Run the headless command that was parsed; returns its exit code. Reasons go to stderr."""
    speak_utf8()
    home = find_home(os.environ, args.home)
    try:
        with as_storage_trouble():
            accounts = Accounts(Profiles(home), read_device(home))
        return _finished(args.run(accounts, args) or DONE)
    except KeyboardInterrupt:
        # Ctrl+C is an answer; what was saved stays.
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output had enough.
        sys.stderr.close()
        return DONE
    except tuple(CODES) as error:
        return complain(error, next(code for kind, code in CODES.items() if isinstance(error, kind)), home.path)


def _finished(code: int) -> int:
    # Now, and not when the process ends: whoever reads may be gone.
    sys.stdout.flush()
    return code


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "Learn offline. Without a command: the window."
    codes = "exit codes: 0 done, 1 refused, 2 usage, 3 offline or server trouble, 4 sign in, 5 storage trouble"
    parser = argparse.ArgumentParser(prog="lms-desktop", description=about, epilog=codes)
    parser.add_argument("--version", action="version", version=f"lms-desktop {version('lms-desktop')}")
    parser.add_argument("--home", metavar="DIR", help="the app's folder (else LMS_DESKTOP_HOME, else the platform's)")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--home", help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    for place, otherwise in ((parser, False), (shared, argparse.SUPPRESS)):
        place.add_argument("--json", action="store_true", default=otherwise, help="print one JSON document")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, run: Callable[..., int | None], about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about, parents=[shared])
        command.set_defaults(run=run)
        return command

    _add_accounts(add)
    _add_learning(add)
    _add_files(add)
    return parser


def _add_accounts(add: Add) -> None:
    login = add("login", verbs.login, "sign in at a server")
    login.add_argument("--server", required=True, metavar="URL", help="its address, as your school or library gave it")
    login.add_argument("--email", required=True, metavar="EMAIL", help="of the account there")
    login.add_argument("--password-stdin", action="store_true", required=True, help="read the password from stdin")
    add("logout", verbs.logout, "sign out; unsent work stays")
    add("accounts", verbs.accounts, "who learns on this laptop")
    add("switch", verbs.switch, "let another learner go on").add_argument("email", metavar="EMAIL")


def _add_learning(add: Add) -> None:
    add("catalog", verbs.catalog, "courses and lessons")
    add("download", verbs.download, "fetch a course for reading offline").add_argument("slug", metavar="SLUG")
    add("enroll", verbs.enroll, "take up a course").add_argument("slug", metavar="SLUG")
    add("start", verbs.start, "open a lesson").add_argument("lesson", metavar="LESSON_UID")
    add("complete", verbs.complete, "finish a lesson").add_argument("lesson", metavar="LESSON_UID")
    add("sync", verbs.sync, "send and receive")
    add("status", verbs.status, "what is saved, sent and waiting")


def _add_files(add: Add) -> None:
    add("certificates", verbs.certificates, "certificates, and where their files are").add_argument(
        "--save", metavar="DIR", help="copy the files into this folder too"
    )
    add("export", verbs.export, "write unsent work to a file, for a memory stick").add_argument("file", metavar="FILE")
    add("verify", verbs.verify, "check a certificate's file").add_argument("file", metavar="FILE")
    entry = add("shortcut", verbs.shortcut, "put the app into the desktop's menu (Linux)")
    entry.add_argument("--remove", action="store_true", help="take it out again")
