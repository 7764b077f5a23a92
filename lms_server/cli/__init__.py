"""The command line of the server: parse, run one verb, and turn what went wrong into an exit code and a reason."""

import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from lms_server.actions.installation import NotInstalled
from lms_server.actions.refusals import Refused
from lms_server.actions.trouble import diagnose
from lms_server.cli import courses, mail, records, running, upkeep, users, work
from lms_server.cli.arguments import common_options, settings_of
from lms_server.cli.output import complain, speak_utf8
from lms_server.settings import BadSetting

DONE, REFUSED, USAGE, TROUBLE = 0, 1, 2, 3
# As shells say it of a program that Ctrl+C ended.
INTERRUPTED = 130

_WORDS = {
    "busy": "The database is busy or can't be reached; nothing was changed. Try again.",
    "storage_full": "A disk is full: that of {data}, or where a file should go. Make room and try again; nothing is"
    " lost.",
    "storage_trouble": "The database can't be read or written. Look after {data} and its disk: may it be written?"
    " If it is damaged, bring a backup back: lms-server restore FILE",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    os.umask(0o077)
    speak_utf8()
    args = build_parser().parse_args(arguments)
    try:
        args.settings = settings_of(args, dict(os.environ))
        with ExitStack() as args.close:
            return args.run(args) or DONE
    except KeyboardInterrupt:
        # Ctrl+C is an answer; what was committed stays.
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output had enough.
        sys.stderr.close()
        return DONE
    except Exception as error:  # noqa: BLE001 # the edge: every reason becomes a sentence and a code
        code, text = _reason(error, args)
        complain(f"lms-server: {text}")
        return code


def build_parser() -> ArgumentParser:
    """All commands and their options."""
    codes = "exit codes: 0 done, 1 refused by a rule, 2 usage, 3 trouble (nothing is lost), 130 stopped with Ctrl+C"
    parser = ArgumentParser(prog="lms-server", description="The server of LMS Desktop.", epilog=codes)
    common_options(parser, is_top=True)
    parser.add_argument("--version", action="version", version=f"lms-server {version('lms-desktop')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for part in (running, users, courses, records, work, mail, upkeep):
        part.add_commands(commands)
    return parser


def _reason(error: Exception, args: Namespace) -> tuple[int, str]:
    match error:
        case BadSetting() | UnicodeEncodeError():
            return USAGE, str(error) if isinstance(error, BadSetting) else "What was typed isn't text in UTF-8."
        case Refused():
            # The sentence is for people, the code for scripts.
            return REFUSED, f"{error.text} ({error.code})"
        case NotInstalled():
            return TROUBLE, str(error)
    trouble = diagnose(error)
    if isinstance(error, OSError) and (error.filename or trouble is None):
        return TROUBLE, f"{_place(error)}: {error.strerror or error}"
    if trouble is not None:
        return TROUBLE, _WORDS[trouble.code].format(data=args.settings.data)
    logging.getLogger(__name__).critical("the program made a mistake", exc_info=error)
    return TROUBLE, "This is a mistake in the program; what happened stands above."


def _place(error: OSError) -> str:
    """The file that somebody named; of a temporary file of ours the folder, which is what they know."""
    if not error.filename:
        return "the system"
    file = Path(os.fsdecode(error.filename))
    return str(file.parent if file.name.startswith(".") else file)
