"""Files kept under the SHA-256 of their content; written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from lms_server.contract.durable import UNFINISHED, sync_files, sync_folders
from lms_server.contract.sha256 import is_sha256, place_of

CHUNK_BYTES = 1 << 20

Opener = Callable[[], BinaryIO]


class WrongContent(Exception):
    """The bytes aren't those that were announced."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder ``blobs/ab/cdef…``; a name that is there is complete and right."""

    root: Path

    def path(self, sha256: str) -> Path:
        return place_of(self.root, sha256)

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        return self.path(sha256).open("rb")

    def read(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def put(self, stream: IO[bytes], expected: str | None = None) -> str:
        """Keep the stream's bytes and return their hash; durable when this returns."""
        written: dict[Path, str] = {}
        try:
            self._write(stream, expected, written)
            self._land(written)
        finally:
            _remove(written)
        return next(iter(written.values()))

    def put_all(self, contents: Mapping[str, Opener]) -> None:
        """Keep many by their hashes, durable when this returns; those that are here aren't opened but renewed."""
        written: dict[Path, str] = {}
        try:
            for sha256, opener in contents.items():
                if not self._renew(sha256):
                    with opener() as stream:
                        self._write(stream, sha256, written)
            self._land(written)
        finally:
            _remove(written)

    def all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file by its hash, as it lay there in one passing."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                if is_sha256(sha256 := path.parent.name + path.name):
                    yield sha256, path.stat()

    def is_older(self, sha256: str, than_ms: int) -> bool:
        """Whether it was kept, or wanted again, before that time; not when it isn't here."""
        try:
            return self.path(sha256).stat().st_mtime * 1000 <= than_ms
        except FileNotFoundError:
            return False

    def remove(self, sha256: str) -> None:
        """Only for what nothing names: the caller has looked."""
        self.path(sha256).unlink(missing_ok=True)

    def remove_leftovers(self, before_ms: int) -> None:
        """What writers that crashed left behind before that time."""
        for path in self.root.glob(f"{UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime * 1000 <= before_ms:
                    path.unlink()

    def _renew(self, sha256: str) -> bool:
        """Whether it is here; from now on it counts as just kept."""
        place = self.path(sha256)
        # A file of another account's can't be touched, and is as good.
        with suppress(PermissionError):
            try:
                os.utime(place)
            except FileNotFoundError:
                return False
        return place.is_file()

    def _write(self, stream: IO[bytes], expected: str | None, written: dict[Path, str]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.root, prefix=UNFINISHED)
        written[Path(name)] = ""
        with os.fdopen(descriptor, "wb") as target:
            sha256 = _copy(stream, target)
        if expected is not None and sha256 != expected:
            raise WrongContent(f"expected {expected}, got {sha256}")
        written[Path(name)] = sha256

    def _land(self, written: Mapping[Path, str]) -> None:
        """The bytes first, then the names: a name never stands for bytes that a power cut could take."""
        sync_files(written)
        folders: set[Path] = set()
        for temporary, sha256 in written.items():
            place = self.path(sha256)
            # A copy of another size is the leaving of a broken disk: the good one replaces it.
            if self._renew(sha256) and place.stat().st_size == temporary.stat().st_size:
                continue
            if not place.parent.is_dir():
                place.parent.mkdir(exist_ok=True)
                folders.add(self.root)
            temporary.replace(place)
            folders.add(place.parent)
        sync_folders(folders)


def _copy(stream: IO[bytes], target: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _remove(written: Iterable[Path]) -> None:
    for temporary in written:
        temporary.unlink(missing_ok=True)
