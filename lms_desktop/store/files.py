"""Files on this laptop: course files by the SHA-256 of their content, certificates by their uuid."""

import errno
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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


_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEW = ".new-"
_PART = ".part"
# A disk makes many files durable at once in the time that it needs for one.
_FLUSHES_AT_ONCE = 8
# How the systems say that somebody else has a lock.
_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class WrongContent(Exception):
    """The bytes aren't those that were announced."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A content-addressed folder, shared by all profiles of this laptop; a name that is there is complete and right."""

    root: Path

    def path(self, sha256: str) -> Path:
        """Where that content lies or would lie; raises ValueError for anything but a lower-case SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256[2:]

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
                if _SHA256.fullmatch(sha256):
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
        for path in self.root.glob(f"[0-9a-f][0-9a-f]/{_NEW}*"):
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


def land(place: Path, content: bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder."""
    land_all({place: content})


def land_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, each whole or not at all: the bytes first, then the names."""
    written: dict[Path, Path] = {}
    try:
        for place, content in contents.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=_NEW)
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
    """Make a rename in this folder durable; Windows can't open folders and needs no help."""
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
    with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:
        for _ in pool.map(flush, waiting):
            pass


def _flush(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
