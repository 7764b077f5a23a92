"""Files on this laptop: course files by the SHA-256 of their content, certificates by their uuid."""

import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lms_server.contract.durable import UNFINISHED, land_all, sync_folder
from lms_server.contract.sha256 import is_sha256, place_of

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def lock(file: IO[bytes], *, waits: bool) -> None:
        """Take the file for this process until it is closed. Raises OSError when somebody else has it for long."""
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if waits else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(file: IO[bytes], *, waits: bool) -> None:
        """Take the file for this process until it is closed. Raises OSError when somebody else has it."""
        fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)


_PART = ".part"
# How the systems say that somebody else has a lock.
_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class WrongContent(Exception):
    """The bytes aren't those that were announced."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A content-addressed folder, shared by all profiles of this laptop; a name that is there is complete and right."""

    root: Path

    def path(self, sha256: str) -> Path:
        return place_of(self.root, sha256)

    def part(self, sha256: str) -> Path:
        """Where the first bytes of it wait for the others."""
        return self.path(sha256).with_suffix(_PART)

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
        self.put_all({sha256: content})

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Keep all of them, durable when this returns; raises WrongContent, and then none of them is kept."""
        for sha256, content in contents.items():
            if hashlib.sha256(content).hexdigest() != sha256:
                raise WrongContent(sha256)
        land_all({self.path(sha256): content for sha256, content in contents.items()})

    def finish(self, sha256: str) -> None:
        """The last byte of a part has come: keep it. Raises WrongContent, and then nothing of it is left."""
        part = self.part(sha256)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            part.unlink()
            raise WrongContent(sha256)
        part.replace(self.path(sha256))
        sync_folder(part.parent)

    def all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file and every part by the hash it has or will have, as it lay there in one passing."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                sha256 = path.parent.name + path.name.removesuffix(_PART)
                if is_sha256(sha256):
                    yield sha256, path.stat()

    def remove(self, sha256: str) -> int:
        """Take a file and what there is of its part away; returns the bytes freed. Only for what nobody uses."""
        freed = 0
        for place in (self.path(sha256), self.part(sha256)):
            with suppress(FileNotFoundError):
                size = place.stat().st_size
                place.unlink()
                freed += size
        return freed

    def remove_leftovers(self, before_s: float) -> None:
        """What writers that crashed before that time (seconds since 1970) left behind."""
        for path in self.root.glob(f"[0-9a-f][0-9a-f]/{UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before_s:
                    path.unlink()

    def free_bytes(self) -> int:
        """Room on the disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else on this laptop says which files are in use, or takes unused ones away, while the block runs."""
        with self._locked(".lock", waits=True):
            yield

    @contextmanager
    def downloading(self) -> Iterator[None]:
        """Nobody else on this laptop writes parts while the block runs; raises BlockingIOError when somebody does."""
        with self._locked(".downloading", waits=False):
            yield

    @contextmanager
    def _locked(self, name: str, *, waits: bool) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / name).open("ab") as file:
            try:
                lock(file, waits=waits)
            except OSError as error:
                if not waits and error.errno in _TAKEN:
                    raise BlockingIOError from error
                # A file system that knows no locks: as good as it gets, for files that can be had again.
            yield


def has_content(file: Path, sha256: str | None) -> bool:
    """Whether the file is here; with a hash, whether it still is what was announced."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return sha256 is None or hashlib.sha256(content).hexdigest() == sha256
