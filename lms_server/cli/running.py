"""``init``, ``serve`` and ``worker``: make a server and run it."""

import logging
import signal
import sys
import threading
from argparse import ArgumentTypeError, Namespace
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

from lms_server.actions.context import ServerContext
from lms_server.actions.installation import DEFAULT_NAME, install
from lms_server.actions.refusals import Refused
from lms_server.actions.registration import read_registration
from lms_server.actions.unused_blobs import clean_daily
from lms_server.actions.users import NewUser, Role, add_user, check_new_user
from lms_server.actions.work import build_worker
from lms_server.cli.arguments import command, password_from_stdin, server_of
from lms_server.cli.output import many, show, write
from lms_server.cli.ways_in import reachable, ways_in
from lms_server.contract.memory import collect_rarely
from lms_server.database.identity import BadIdentity
from lms_server.jobs.worker import Worker
from lms_server.operate.background import in_background
from lms_server.operate.backup import write_backup
from lms_server.operate.metrics import figures
from lms_server.operate.presence import present
from lms_server.settings import MAIL, BadSetting, Settings
from lms_server.sync.parked import sweep
from lms_server.web.admin_upkeep import Upkeep
from lms_server.web.app import Parts, create_app
from lms_server.web.serving import Serving, address_of, listen

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
_HOSTS = f"0.0.0.0 for the whole network (else {DEFAULT_HOST}: only this machine)"
_PORTS = f"0 picks a free one (else {DEFAULT_PORT})"
_NO_ADMIN = (
    "Nobody may use the admin's pages yet: lms-server --data {data} user add EMAIL --name NAME --admin --password-stdin"
)


def add_commands(commands: Any) -> None:
    """Put init, serve and worker on the command line."""
    init = command(commands, "init", _init, "make a new server in the data folder")
    init.add_argument("--name", default=DEFAULT_NAME, metavar="NAME", help="the name that learners see")
    init.add_argument("--identity", type=Path, metavar="FILE", help="make the server of this identity file again")
    init.add_argument("--admin-email", metavar="EMAIL", help="make an account that may use the admin's pages")
    init.add_argument("--admin-name", metavar="NAME", help="of that account")
    init.add_argument("--password-stdin", action="store_true", help="read the admin's password from stdin")
    serve = command(commands, "serve", _serve, "answer desktops and browsers")
    serve.add_argument("--host", default=DEFAULT_HOST, metavar="H", help=_HOSTS)
    serve.add_argument("--port", default=DEFAULT_PORT, type=_port, metavar="P", help=_PORTS)
    serve.add_argument("--no-worker", action="store_true", help="PDFs, mails and waiting work run elsewhere")
    worker = command(commands, "worker", _run_worker, "make PDFs, send mails, try waiting work again")
    worker.add_argument("--once", action="store_true", help="do what is due, then end")


def _init(args: Namespace) -> None:
    settings: Settings = args.settings
    if bool(args.admin_email) != bool(args.password_stdin):
        raise Refused("bad_admin", "For an admin, give --admin-email and --password-stdin together.")
    admin = _admin(args)
    if admin is not None:
        # What is wrong with the account is said before there is a server.
        check_new_user(admin)
    try:
        context = install(settings, args.name, args.identity)
    except BadIdentity as error:
        raise Refused("bad_identity", str(error)) from error
    args.close.callback(context.engine.dispose)
    if admin is not None:
        add_user(context, admin)
    document = {"server_id": context.identity.server_id, "name": args.name, "data": str(settings.data)}
    made = f"made the server {args.name} in {settings.data}"
    show(args, document, made if admin else f"{made}\n{_NO_ADMIN.format(data=quote(str(settings.data)))}")


def _admin(args: Namespace) -> NewUser | None:
    if not args.admin_email:
        return None
    return NewUser(args.admin_email, args.admin_name or args.admin_email, password_from_stdin(), Role.ADMIN)


def _serve(args: Namespace) -> None:
    settings: Settings = args.settings
    _log_to_stderr()
    with present(settings.data, alone=False), closing(listen(args.host, args.port)) as listener:
        here = address_of(args.host, listener)
        context = server_of(args, reachable(args.host, here))
        upkeep = Upkeep(settings.journal_file, settings.data / "backups", partial(write_backup, settings), settings)
        app = create_app(context, Parts(partial(read_registration, settings), figures, upkeep=upkeep))
        serving = Serving(app, listener, context.identity.server_id)
        serving.stop_on_signals()
        collect_rarely()
        with _work(args, context):
            write("\n".join([f"listening on {here}", *ways_in(args.host, here, settings.public_url)]))
            serving.run()


def _work(args: Namespace, context: ServerContext) -> AbstractContextManager[object]:
    return nullcontext() if args.no_worker else in_background(context, _worker(args.settings, context))


def _run_worker(args: Namespace) -> None:
    settings: Settings = args.settings
    _log_to_stderr()
    context = server_of(args)
    worker = _worker(settings, context)
    with present(settings.data, alone=False):
        if args.once:
            replayed, attempts = sweep(context), worker.run_once()
            clean_daily(context)
            done = f"{many(attempts, 'job')} tried, {replayed} replayed"
            show(args, {"replayed": replayed, "attempts": attempts}, done)
            return
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        with in_background(context, worker):
            stop.wait()


def _worker(settings: Settings, context: ServerContext) -> Worker:
    try:
        return build_worker(context, settings.mail, settings.journal_file, living=settings.data / "workers")
    except ValueError as error:
        raise BadSetting(f"{MAIL}: {error}") from error


def _log_to_stderr() -> None:
    """Our own words from INFO on, the libraries' only when something is wrong."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("lms_server").setLevel(logging.INFO)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)
