"""When everything was last backed up: a note in the data folder, for whoever looks at the dashboard."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_NOTE = "last-backup.json"


@dataclass(frozen=True)
class LastBackup:
    """The backup made last, by the command line or on the web page; ``at`` is in milliseconds."""

    at: int
    file: str
    size: int


def note_backup(data: Path, backup: LastBackup) -> None:
    """Remember a backup that was read back and found whole."""
    part = data / f"{_NOTE}.part"
    # A backup doesn't fail because the disk has no room for a note about it.
    with suppress(OSError):
        part.write_text(json.dumps(asdict(backup)), "utf-8")
        part.replace(data / _NOTE)


def last_backup(data: Path) -> LastBackup | None:
    """The note, or None when nobody ever made a backup."""
    try:
        return LastBackup(**json.loads((data / _NOTE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
