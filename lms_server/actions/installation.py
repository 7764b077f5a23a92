"""Make a server's data folder, open it again, and notice when its database was swapped behind its back."""

from contextlib import suppress
from pathlib import Path
from shlex import quote

from sqlalchemy import Engine, insert, text, update
from sqlalchemy.exc import DBAPIError

from lms_server.actions.context import ServerContext, read_server
from lms_server.actions.names import read_name
from lms_server.actions.refusals import Refused
from lms_server.content.blobs import Blobs
from lms_server.contract import anchors
from lms_server.contract.durable import land
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading, writing
from lms_server.database.engine import has_schema, open_database
from lms_server.database.identity import BadIdentity, Identity, read_identity
from lms_server.database.tables import server
from lms_server.database.upgrade import NewerDatabase, bring_up_to_date, create_schema
from lms_server.sentences import sentence
from lms_server.settings import DATA, Settings

DEFAULT_NAME = "LMS"
DEFAULT_ADDRESS = "http://localhost:8000"


class NotInstalled(Exception):
    """There is no usable server in this data folder; the text says what to do."""


def install(settings: Settings, name: str = DEFAULT_NAME, identity_file: Path | None = None) -> ServerContext:
    """Make a new server, or the same one again from its identity file; raises Refused when one is there."""
    name = read_name(name, sentence("server's name"))
    identity = _choose_identity(settings, identity_file)
    _make_folder(settings.data)
    engine = open_database(settings.database)
    create_schema(engine)
    epoch = new_uuid4()
    with writing(engine) as conn:
        if conn.execute(server.select()).first() is not None:
            words = "There is a server here already: use it, or name another data folder."
            raise Refused("already_installed", words)
        conn.execute(insert(server).values(server_id=identity.server_id, epoch=epoch, name=name))
        anchors.create_stream(conn, anchors.CATALOG)
        # Last before the commit: a database without its identity would be of no use.
        identity.write(settings.identity_file)
    _write_incarnation(settings, engine, epoch)
    return _context(settings, engine, identity)


def open_server(settings: Settings, address: str = "") -> ServerContext:
    """The server in this data folder; raises NotInstalled. ``address`` stands in for an unset public URL."""
    if not settings.identity_file.exists():
        raise NotInstalled(
            f"There is no server in {settings.data}. Name its folder with --data or {DATA},"
            f" or make one there: lms-server --data {quote(str(settings.data))} init"
        )
    try:
        identity = read_identity(settings.identity_file)
    except BadIdentity as error:
        raise NotInstalled(f"The server in {settings.data} can't be opened: {error}. Restore a backup.") from error
    file = settings.database_file
    if file is not None and not file.is_file():
        raise NotInstalled(f"The database {file} is missing. Restore a backup, or run: lms-server init")
    engine = open_database(settings.database)
    if not has_schema(engine):
        raise NotInstalled("The database was not set up. Run: lms-server init")
    try:
        bring_up_to_date(engine, settings.database_file)
    except NewerDatabase as error:
        raise NotInstalled(str(error)) from error
    _check_incarnation(settings, engine, identity)
    return _context(settings, engine, identity, address)


def rename_server(context: ServerContext, name: str) -> str:
    """Give the server another name, for pages and for certificates from now on; raises Refused."""
    name = read_name(name, sentence("server's name"))
    with writing(context.engine) as conn:
        conn.execute(update(server).values(name=name))
    return name


def new_epoch(engine: Engine) -> str:
    """Say that this database may have lost history; desktops then look closer, and lose nothing."""
    epoch = new_uuid4()
    with writing(engine) as conn:
        conn.execute(update(server).values(epoch=epoch))
    return epoch


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise NotInstalled(f"No folder can be made at {folder}: {error.strerror}. Name another with --data.") from error


def _choose_identity(settings: Settings, given: Path | None) -> Identity:
    if given is not None:
        chosen = read_identity(given)
        if settings.identity_file.is_file() and read_identity(settings.identity_file) != chosen:
            raise Refused("other_identity", "{file} belongs to another server.", file=settings.identity_file)
        return chosen
    return read_identity(settings.identity_file) if settings.identity_file.is_file() else Identity.new()


def _context(settings: Settings, engine: Engine, identity: Identity, address: str = "") -> ServerContext:
    public_url = settings.public_url or address or DEFAULT_ADDRESS
    blobs = Blobs(settings.blob_folder)
    return ServerContext(engine, identity, blobs, public_url, journal_file=settings.journal_file)


def _check_incarnation(settings: Settings, engine: Engine, identity: Identity) -> None:
    with reading(engine) as conn:
        row = read_server(conn)
    if row.server_id != identity.server_id:
        raise NotInstalled("The database belongs to another server than the identity file in the data folder.")
    known = settings.incarnation_file.read_text("utf-8") if settings.incarnation_file.is_file() else ""
    if known != _incarnation(engine, row.epoch):
        _write_incarnation(settings, engine, new_epoch(engine))


def _write_incarnation(settings: Settings, engine: Engine, epoch: str) -> None:
    land(settings.incarnation_file, _incarnation(engine, epoch).encode())


def _incarnation(engine: Engine, epoch: str) -> str:
    """What changes when another history takes this database's place: its epoch, or PostgreSQL's timeline."""
    if engine.dialect.name != "postgresql":
        return f"{epoch}\n"
    # Several servers may share one PostgreSQL, so there the epoch isn't beside the database; the timeline is in it.
    timeline = ""
    with suppress(DBAPIError), reading(engine) as conn:
        timeline = str(conn.execute(text("SELECT timeline_id FROM pg_control_checkpoint()")).scalar_one())
    return f"timeline {timeline}\n"
