"""Two megabytes kept in reserve: on a full disk not even an acknowledgement could be recorded without them."""

import os
import shutil
from pathlib import Path

BALLAST = "ballast"
SIZE_BYTES = 2 * 1024 * 1024
# A disk with less room than this is left alone.
_ROOM_BYTES = 16 * SIZE_BYTES


def take_on(folder: Path) -> None:
    """Set the reserve aside, when the disk has room. Raises OSError."""
    file = folder / BALLAST
    if (file.exists() and file.stat().st_size >= SIZE_BYTES) or shutil.disk_usage(folder).free < _ROOM_BYTES:
        return
    with file.open("wb") as reserve:
        # Random, for a file system that compresses would keep nothing of zeros.
        reserve.write(os.urandom(SIZE_BYTES))


def release(folder: Path) -> bool:
    """Give the reserve up; False when there was none."""
    try:
        (folder / BALLAST).unlink()
    except OSError:
        return False
    return True
