"""Files that are there whole or not at all, whenever the power goes: the bytes first, then the names."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Names of files that are being written begin like this; a program that was killed meanwhile leaves them behind.
UNFINISHED = ".new-"
# A disk makes many files durable at once in the time that it needs for one.
_AT_ONCE = 8


def land(place: Path, content: bytes) -> None:
    """Write a file, for its owner alone: temporary file, fsync, rename, fsync of the folder."""
    land_all({place: content})


def land_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, each whole or not at all; folders that are missing are made."""
    # The place of each temporary file.
    written: dict[Path, Path] = {}
    try:
        for place, content in contents.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=UNFINISHED)
            written[Path(name)] = place
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        sync_files(written)
        for temporary, place in written.items():
            temporary.replace(place)
        sync_folders({place.parent for place in written.values()})
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)


def sync_files(files: Iterable[Path]) -> None:
    """Make the content of these files durable, all of them at once."""
    _all_at_once(sync_file, files)


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the new names in these folders durable, all of them at once."""
    _all_at_once(sync_folder, folders)


def sync_file(file: Path) -> None:
    """Make a file's content durable."""
    # Windows wants it open for writing.
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Make the new names in a folder durable; Windows can't open folders and needs no help."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _all_at_once(sync: Callable[[Path], None], places: Iterable[Path]) -> None:
    waiting = list(places)
    if len(waiting) == 1:
        sync(waiting[0])
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(sync, waiting):
            pass
