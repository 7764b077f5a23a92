"""``init``, ``serve`` and ``worker``: make a server and run it."""

import logging
import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from lms_server.actions.installation import install, open_server
from lms_server.actions.refusals import Refused
from lms_server.actions.users import NewUser, Role, add_user
from lms_server.cli.arguments import command, password_from_stdin
from lms_server.cli.output import show, write
from lms_server.database.identity import BadIdentity
from lms_server.operate.metrics import figures
from lms_server.settings import Settings
from lms_server.web.app import Parts, create_app
from lms_server.web.serving import Serving

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def add_commands(commands: Any) -> None:
    """Put init, serve and worker on the command line."""
    init = command(commands, "init", _init, "make a new server in the data folder")
    init.add_argument("--name", default="LMS", metavar="N", help="the name that learners see")
    init.add_argument("--identity", type=Path, metavar="FILE", help="make the server of this identity file again")
    init.add_argument("--admin-email", metavar="E")
    init.add_argument("--admin-name", metavar="N")
    init.add_argument("--password-stdin", action="store_true", help="read the admin's password from stdin")
    serve = command(commands, "serve", _serve, "answer desktops and browsers")
    serve.add_argument("--host", default=DEFAULT_HOST, metavar="H", help="0.0.0.0 for the whole network")
    serve.add_argument("--port", default=DEFAULT_PORT, type=_port, metavar="P", help="0 picks a free one")
    serve.add_argument("--no-worker", action="store_true", help="PDFs, mails and waiting work run elsewhere")


def _init(args: Namespace) -> None:
    settings: Settings = args.settings
    if bool(args.admin_email) != bool(args.password_stdin):
        raise Refused("bad_admin", "For an admin, give --admin-email and --password-stdin together.")
    admin = _admin(args)
    try:
        context = install(settings, args.name, args.identity)
    except BadIdentity as error:
        raise Refused("bad_identity", str(error)) from error
    if admin is not None:
        add_user(context, admin)
    document = {"server_id": context.identity.server_id, "name": args.name, "data": str(settings.data)}
    show(args, document, f"made the server {args.name} in {settings.data}")


def _admin(args: Namespace) -> NewUser | None:
    if not args.admin_email:
        return None
    return NewUser(args.admin_email, args.admin_name or args.admin_email, password_from_stdin(), Role.ADMIN)


def _serve(args: Namespace) -> None:
    settings: Settings = args.settings
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    context = open_server(settings, f"http://{args.host}:{args.port}")
    app = create_app(context, Parts(registration=settings.registration, figures=figures))
    serving = Serving(app, args.host, args.port)
    serving.stop_on_signals()
    write(f"listening on {serving.url}")
    serving.run()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)
