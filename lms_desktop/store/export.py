"""Unacknowledged commands as a file: for a memory stick, and for the admin who imports it."""

from pathlib import Path

from lms_desktop.store.glance import Glance
from lms_desktop.store.store import Store
from lms_server.contract.durable import land
from lms_server.contract.unsent import Writer


def export(store: Store | Glance, file: Path, command_id: str | None = None) -> int:
    """Write the commands that the server hasn't acknowledged (or the one named); returns how many. Raises OSError."""
    commands = [c for c in store.views.unsettled() if command_id is None or c.id == command_id]
    who = store.learner
    land(file, Writer(store.place.server_id, who.uid, who.name, who.email).write(commands, store.now()))
    return len(commands)
