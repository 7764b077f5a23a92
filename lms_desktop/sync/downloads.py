"""Fetch a course's files: small ones many at a time, large ones from the byte where they stopped."""

import hashlib
import os
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import httpx

from lms_desktop.store import wanted
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import WrongContent
from lms_desktop.store.store import Store
from lms_desktop.store.wanted import File, LessonFiles
from lms_desktop.sync.client import Client
from lms_desktop.sync.errors import Offline, ServerTrouble

_LARGE_BYTES = 1024 * 1024
_BATCH_FILES = 400
_BATCH_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
# Room that the database and the system keep whatever is downloaded.
_SPARE_BYTES = 64 * 1024 * 1024


class Stopped(Exception):
    """The learner paused or cancelled."""


@dataclass
class Download:
    """One course's files. ``on_progress`` hears (bytes done, bytes in all); ``is_wanted`` false stops it."""

    store: Store
    client: Client
    course_uid: str
    on_progress: Callable[[int, int], None] | None = None
    is_wanted: Callable[[], bool] = lambda: True
    _done: int = 0
    _total: int = 0
    _lessons: list[LessonFiles] = field(default_factory=list)

    def run(self) -> int:
        """Fetch what is missing and return how many bytes came.

        Raises Stopped, Trouble and StorageTrouble; what has arrived stays, and the next run goes on from there.
        """
        self._lessons = wanted.lessons_of(self.store, self.course_uid)
        missing = wanted.missing(self.store, self._lessons)
        self._total = sum(file.size for file in missing)
        if self._total + _SPARE_BYTES > self.store.blobs.free_bytes():
            raise StorageTrouble(Storage.FULL, "There isn't enough room on the disk for this course.")
        self._fetch_cover()
        for batch in batches([file for file in missing if file.size <= _LARGE_BYTES]):
            self._fetch_batch(batch)
            wanted.note_arrivals(self.store, self._lessons)
        for file in missing:
            if file.size > _LARGE_BYTES:
                self._fetch_large(file)
        wanted.note_arrivals(self.store, self._lessons)
        if still := wanted.missing(self.store, self._lessons):
            raise ServerTrouble(f"The server didn't send {len(still)} of the course's files.")
        return self._done

    def _fetch_cover(self) -> None:
        cover = wanted.cover_of(self.store, self.course_uid)
        if cover is not None and not self.store.blobs.has(cover):
            self._fetch_batch([File(cover, 0)])

    def _fetch_batch(self, batch: Sequence[File]) -> None:
        asked = {file.sha256 for file in batch}
        with self.client.stream("POST", "/blobs/fetch", json={"sha256": sorted(asked)}) as response:
            if response.status_code != 200 or response.headers.get("Content-Type") != "application/x-tar":
                raise self.client.trouble_of(response)
            for name, content in _members(response):
                self._check_wanted()
                if name in asked:
                    self._keep(name, content)

    def _fetch_large(self, file: File) -> None:
        part = self.store.blobs.path(file.sha256).with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        self._move(have)
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self.client.stream("GET", f"/blobs/{file.sha256}", headers=headers) as response:
            if response.status_code not in {200, 206}:
                raise self.client.trouble_of(response)
            # A server that sends everything again is taken from the start.
            with part.open("ab" if response.status_code == 206 else "wb") as target:
                for chunk in response.iter_raw(_CHUNK_BYTES):
                    self._check_wanted()
                    target.write(chunk)
                    self._move(len(chunk))
                    if target.tell() > file.size:
                        raise ServerTrouble("A file is larger than announced.")
                target.flush()
                os.fsync(target.fileno())
        self._land(part, file)

    def _land(self, part: Path, file: File) -> None:
        if part.stat().st_size < file.size:
            raise Offline("The connection broke; the download goes on from here.")
        with part.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
        if found != file.sha256:
            part.unlink()
            raise ServerTrouble("A file was garbled on its way; it is fetched again.")
        part.replace(self.store.blobs.path(file.sha256))

    def _keep(self, sha256: str, content: bytes) -> None:
        try:
            self.store.blobs.put(sha256, content)
        except WrongContent as error:
            raise ServerTrouble("A file was garbled on its way; it is fetched again.") from error
        self._move(len(content))

    def _move(self, size: int) -> None:
        self._done += size
        if self.on_progress is not None:
            self.on_progress(self._done, self._total)

    def _check_wanted(self) -> None:
        if not self.is_wanted():
            raise Stopped


def batches(files: Sequence[File]) -> Iterator[list[File]]:
    """Files in requests of bounded number and size."""
    batch: list[File] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= _BATCH_FILES or size + file.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


@dataclass
class Rate:
    """Bytes a second over the last few seconds, and from it the time left."""

    started: float = field(default_factory=time.monotonic)

    def per_second(self, done: int) -> int:
        return int(done / max(time.monotonic() - self.started, 0.001))


def _members(response: httpx.Response) -> Iterator[tuple[str, bytes]]:
    # Tar's stream mode calls read alone.
    stream = cast("IO[bytes]", _Reading(response.iter_bytes(_CHUNK_BYTES)))
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isfile() and member.size <= _LARGE_BYTES * 16:
                    content = archive.extractfile(member)
                    if content is not None:
                        yield member.name, content.read()
    except tarfile.TarError as error:
        raise Offline("The connection broke; the download goes on from here.") from error


class _Reading:
    """An iterator of chunks, read like a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._buffer) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._buffer += chunk
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken
