"""Unacknowledged commands as a file: for a memory stick, and for whoever helps."""

import json
from pathlib import Path

from lms_desktop.store.files import land
from lms_desktop.store.store import Store
from lms_server.contract import wire
from lms_server.contract.times import to_wire


def export(store: Store, file: Path, command_id: str | None = None) -> int:
    """Write the commands that the server hasn't acknowledged (or the one named); returns how many. Raises OSError."""
    commands = [c for c in store.views.unsettled() if command_id is None or c.id == command_id]
    document = {
        "format": 1,
        "server_id": store.place.server_id,
        "user": store.learner.uid,
        "exported_at": to_wire(store.now()),
        "commands": [wire.write_command(command) for command in commands],
    }
    land(file, json.dumps(document, ensure_ascii=False, indent=2).encode())
    return len(commands)
