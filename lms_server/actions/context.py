"""What every action of the server is given: the database, who the server is, and where its files are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from lms_server.content.blobs import Blobs
from lms_server.contract.times import now_ms
from lms_server.database.identity import Identity
from lms_server.database.tables import server


@dataclass(frozen=True)
class ServerContext:
    """One running server. ``clock`` gives milliseconds since 1970 UTC; certificates carry ``public_url``.

    ``journal_file`` is the dispatch journal's, where there is one.
    """

    engine: Engine
    identity: Identity
    blobs: Blobs
    public_url: str
    clock: Callable[[], int] = field(default=now_ms)
    journal_file: Path | None = None


@dataclass(frozen=True)
class Learner:
    """Whose work this is; ``id`` never leaves the server."""

    id: int
    uid: str
    name: str
    email: str


class ServerRow(NamedTuple):
    """The server's own row."""

    server_id: str
    epoch: str
    name: str
    journal_seq: int


def read_server(conn: Connection) -> ServerRow:
    """Name and epoch as they stand now; raises sqlalchemy.exc.NoResultFound before ``init``."""
    return ServerRow(*conn.execute(_SERVER).one())


_SERVER = select(server.c.server_id, server.c.epoch, server.c.name, server.c.journal_seq)
