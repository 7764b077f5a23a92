"""Files kept under the SHA-256 of their content; written whole or not at all."""

import hashlib
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class WrongContentError(Exception):
    """What came isn't what was announced."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder ``blobs/ab/cdef…``; a name that is there is complete and right."""

    root: Path

    def path(self, sha256: str) -> Path:
        """Where that content lies or would lie; only for a well-formed hash."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        return self.path(sha256).open("rb")

    def read(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def put(self, stream: BinaryIO, expected: str | None = None) -> str:
        """Keep the stream's bytes and return their hash; durable when this returns."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.root, prefix=".new-")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as target:
                sha256 = _copy(stream, target)
            if expected is not None and sha256 != expected:
                raise WrongContentError(f"expected {expected}, got {sha256}")
            self._land(temporary, sha256)
        finally:
            temporary.unlink(missing_ok=True)
        return sha256

    def put_bytes(self, data: bytes, expected: str | None = None) -> str:
        """As ``put``, for what is in memory already."""
        return self.put(io.BytesIO(data), expected)

    def _land(self, temporary: Path, sha256: str) -> None:
        place = self.path(sha256)
        # A copy of another size is the leaving of a broken disk: the good one replaces it.
        if place.is_file() and place.stat().st_size == temporary.stat().st_size:
            return
        fresh = not place.parent.is_dir()
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(place)
        _sync_folder(place.parent)
        if fresh:
            _sync_folder(self.root)


def _copy(stream: BinaryIO, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    # Windows can't open folders; its rename is durable with the file system's journal.
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
