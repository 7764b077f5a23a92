"""How the command line is built: common options stand before or after a subcommand."""

import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from typing import Any

from lms_server.actions.context import ServerContext
from lms_server.actions.installation import open_server
from lms_server.actions.refusals import Refused
from lms_server.settings import Settings, read_settings

Run = Callable[[Namespace], int | None]


def common_options(parser: ArgumentParser, *, is_top: bool) -> None:
    """Add --data, --database and --json; below the top they only speak when they are given."""
    silent = None if is_top else SUPPRESS
    folder = "data folder (else LMS_SERVER_DATA, else the system's place)"
    database = "database address (else LMS_SERVER_DATABASE_URL, else SQLite in the data folder)"
    parser.add_argument("--data", type=Path, metavar="DIR", default=silent, help=folder)
    parser.add_argument("--database", metavar="URL", default=silent, help=database)
    parser.add_argument("--json", action="store_true", default=False if is_top else SUPPRESS, help="print JSON")


def group(commands: Any, name: str, text: str) -> Any:
    """A noun whose verbs follow."""
    parser = commands.add_parser(name, help=text, description=text)
    common_options(parser, is_top=False)
    return parser.add_subparsers(dest=f"{name}_verb", metavar="VERB", required=True)


def command(commands: Any, name: str, run: Run, text: str) -> ArgumentParser:
    """A command that ``run`` carries out."""
    parser: ArgumentParser = commands.add_parser(name, help=text, description=text)
    common_options(parser, is_top=False)
    parser.set_defaults(run=run)
    return parser


def settings_of(args: Namespace, environ: dict[str, str]) -> Settings:
    """The settings of this call; raises BadSetting."""
    return read_settings(environ, args.data, args.database)


def server_of(args: Namespace, address: str = "") -> ServerContext:
    """The server that the command is about, closed when the command ends; raises NotInstalled."""
    settings: Settings = args.settings
    context = open_server(settings, address)
    args.close.callback(context.engine.dispose)
    return context


def password_from_stdin() -> str:
    """One line of standard input, so that no password stands in a list of processes; raises Refused.

    Who types it is asked for it, and it isn't shown.
    """
    if sys.stdin.isatty():
        with suppress(EOFError):
            return getpass()
        return ""
    try:
        line = sys.stdin.buffer.readline().decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_password", "The password on standard input is not UTF-8.") from None
    return line.removesuffix("\n").removesuffix("\r")
