"""Files that are there whole or not at all, whenever the power goes: the bytes first, then the names."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What a program that was killed while it wrote leaves behind begins like this.
NEW = ".new-"
# A disk makes many files durable at once in the time that it needs for one.
FLUSHES_AT_ONCE = 8


def land(place: Path, content: bytes) -> None:
    """Write a file, for its owner alone: temporary file, fsync, rename, fsync of the folder."""
    land_all({place: content})


def land_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, each whole or not at all; folders that are missing are made."""
    written: dict[Path, Path] = {}
    try:
        for place, content in contents.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=NEW)
            written[place] = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        _all_at_once(_flush, written.values())
        for place, temporary in written.items():
            temporary.replace(place)
        _all_at_once(sync_folder, {place.parent for place in written})
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a new name in this folder durable; Windows can't open folders and needs no help."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _all_at_once(flush: Callable[[Path], None], places: Iterable[Path]) -> None:
    waiting = list(places)
    if len(waiting) == 1:
        flush(waiting[0])
        return
    with ThreadPoolExecutor(FLUSHES_AT_ONCE) as pool:
        for _ in pool.map(flush, waiting):
            pass


def _flush(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
