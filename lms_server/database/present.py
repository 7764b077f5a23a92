"""The changing part of a server's identity: its epoch and its name."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from lms_server.database.tables import server


@dataclass(frozen=True, slots=True)
class ServerRow:
    epoch: str
    name: str


def read_server(conn: Connection) -> ServerRow:
    """The server's present epoch and name."""
    epoch, name = conn.execute(select(server.c.epoch, server.c.name)).one()
    return ServerRow(epoch, name)
