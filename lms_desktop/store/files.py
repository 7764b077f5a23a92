"""Files on this laptop: course files by the SHA-256 of their content, certificates by their uuid."""

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")


class WrongContent(Exception):
    """The bytes aren't those that were announced."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A content-addressed folder; a name that is there is complete and right."""

    root: Path

    def path(self, sha256: str) -> Path:
        """Where that content lies or would lie; raises ValueError for anything but a lower-case SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def read(self, sha256: str) -> bytes | None:
        """The content, or None when it isn't here."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, sha256: str, content: bytes) -> None:
        """Keep content under its name; raises WrongContent when they don't agree."""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise WrongContent(sha256)
        land(self.path(sha256), content)

    def free_bytes(self) -> int:
        """Room on the disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free


def has_content(file: Path, sha256: str | None) -> bool:
    """Whether the file is here; with a hash, whether it still is what was announced."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return sha256 is None or hashlib.sha256(content).hexdigest() == sha256


def land(place: Path, content: bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
        sync_folder(place.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable; Windows can't open folders and needs no help."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
