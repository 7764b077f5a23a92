"""Small files: many in one request, as a tar stream that is believed file by file."""

import tarfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, cast

import httpx

from lms_desktop.store.files import WrongContent
from lms_desktop.store.wanted import File
from lms_desktop.sync.downloads.line import CHUNK_BYTES, CUT, Line
from lms_desktop.sync.errors import Offline

_BATCH_FILES = 500
_BATCH_BYTES = 8 * 1024 * 1024
# Kept together: one wait for the disk, and little to fetch again after a crash.
_GROUP_FILES = 128
_GROUP_BYTES = 1024 * 1024
# A cover's size isn't announced.
_MOST_BYTES = 16 * 1024 * 1024
_TAR_BYTES_A_FILE = 1024
_TAR_END_BYTES = 20 * 512


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


def fetch_batch(line: Line, batch: Sequence[File]) -> None:
    """Fetch these files in one request and keep those that came whole; what came before an error is kept too."""
    line.check_open()
    sizes = {file.sha256: file.size for file in batch}
    headers = {"Accept-Encoding": "gzip"}
    group: dict[str, bytes] = {}
    with line.client.stream("POST", "/blobs/fetch", json={"sha256": list(sizes)}, headers=headers) as response:
        if response.status_code != 200 or response.headers.get("Content-Type") != "application/x-tar":
            raise line.client.trouble_of(response)
        try:
            for name, content in _members(response, sizes, line):
                group[name] = content
                if len(group) >= _GROUP_FILES or sum(map(len, group.values())) >= _GROUP_BYTES:
                    _keep(line, group)
                    group = {}
        finally:
            _keep(line, group)


def _keep(line: Line, group: dict[str, bytes]) -> None:
    """Keep what is what it says; what isn't is asked for again."""
    try:
        line.blobs.put_all(group)
    except WrongContent as error:
        wrong = str(error)
        _keep(line, {name: content for name, content in group.items() if name != wrong})
        return
    if group:
        line.landed(list(group))


def _members(response: httpx.Response, sizes: dict[str, int], line: Line) -> Iterator[tuple[str, bytes]]:
    limit = sum(size or _MOST_BYTES for size in sizes.values()) + _TAR_BYTES_A_FILE * len(sizes) + _TAR_END_BYTES
    # Tar's stream mode calls read alone.
    stream = cast("IO[bytes]", _Reading(_plain(response, limit, line)))
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                announced = sizes.get(member.name)
                content = archive.extractfile(member) if announced in {0, member.size} else None
                if content is not None:
                    yield member.name, content.read()
                    line.progress.receive(announced or 0)
    except (tarfile.TarError, zlib.error) as error:
        raise Offline(CUT) from error


def _plain(response: httpx.Response, limit: int, line: Line) -> Iterator[bytes]:
    """The stream's bytes, inflated where it is squeezed; never more than was announced, nor much at once."""
    squeezed = zlib.decompressobj(wbits=31) if response.headers.get("Content-Encoding") == "gzip" else None
    for chunk in response.iter_raw():
        line.check()
        rest = chunk
        while rest:
            plain = squeezed.decompress(rest, CHUNK_BYTES) if squeezed is not None else rest
            limit -= len(plain)
            if limit < 0:
                raise Offline("Something else than the course's files came.")
            yield plain
            rest = squeezed.unconsumed_tail if squeezed is not None else b""


class _Reading:
    """An iterator of chunks, read like a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._buffer) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._buffer += chunk
        taken = bytes(self._buffer[:size] if size >= 0 else self._buffer)
        del self._buffer[: len(taken)]
        return taken
