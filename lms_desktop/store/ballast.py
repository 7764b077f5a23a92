"""Two megabytes kept in reserve: on a full disk not even an acknowledgement could be recorded without them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

SIZE_BYTES = 2 * 1024 * 1024
# Given up one at a time: what is freed, other programs may take.
PIECES = 8
# A disk with less room than this is left alone.
_ROOM_BYTES = 16 * SIZE_BYTES


def take_on(folder: Path) -> None:
    """Set the missing pieces of the reserve aside, when the disk has room. Raises OSError."""
    missing = [piece for piece in _pieces(folder) if not _is_whole(piece)]
    if not missing or shutil.disk_usage(folder).free < _ROOM_BYTES:
        return
    for piece in missing:
        # Random, for a file system that compresses would keep nothing of zeros.
        piece.write_bytes(os.urandom(SIZE_BYTES // PIECES))


def release(folder: Path) -> bool:
    """Give a piece of the reserve up; False when there is none left."""
    for piece in _pieces(folder):
        try:
            piece.unlink()
        except OSError:
            continue
        return True
    return False


def _pieces(folder: Path) -> Iterator[Path]:
    return (folder / f"ballast.{number}" for number in range(PIECES))


def _is_whole(piece: Path) -> bool:
    return piece.exists() and piece.stat().st_size == SIZE_BYTES // PIECES
