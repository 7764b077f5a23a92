"""Lesson texts, pictures and attachments by their SHA-256: one with ranges, or many as one tar stream."""

import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import falcon
import msgspec

from lms_server.actions.context import ServerContext
from lms_server.actions.rights import readable_blobs
from lms_server.actions.users import User
from lms_server.contract.sha256 import is_sha256
from lms_server.web.auth import bearer
from lms_server.web.bodies import read_json, takes_gzip
from lms_server.web.errors import Problem, not_found

MOST_AT_ONCE = 500
_CHUNK_BYTES = 1 << 18
_BLOCK = tarfile.BLOCKSIZE


class Fetch(msgspec.Struct, frozen=True):
    """Which blobs a desktop lacks."""

    sha256: list[str]


@dataclass(frozen=True)
class BlobResource:
    """GET /blobs/{sha256}."""

    context: ServerContext

    def on_get(self, req: falcon.Request, resp: falcon.Response, sha256: str) -> None:
        if not is_sha256(sha256):
            raise not_found()
        media_type = readable_blobs(self.context, _who(req, self.context), [sha256]).get(sha256)
        path = self.context.blobs.path(sha256)
        if media_type is None or not path.is_file():
            raise not_found()
        send_file(req, resp, path, media_type, sha256)
        resp.set_header("Cache-Control", "private, max-age=31536000, immutable")


@dataclass(frozen=True)
class FetchResource:
    """POST /blobs/fetch: what is missing or not yours is left out."""

    context: ServerContext

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        user = _who(req, self.context)
        wanted = list(dict.fromkeys(read_json(req, Fetch).sha256))
        if len(wanted) > MOST_AT_ONCE:
            raise Problem(413, "too_many_blobs", f"Ask for at most {MOST_AT_ONCE} blobs at once.")
        allowed = readable_blobs(self.context, user, [name for name in wanted if is_sha256(name)])
        paths = [(name, self.context.blobs.path(name)) for name in wanted if name in allowed]
        files = [(name, path, path.stat().st_size) for name, path in paths if path.is_file()]
        resp.content_type = "application/x-tar"
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("Vary", "Accept-Encoding")
        if takes_gzip(req) and _is_mostly_text(files, allowed):
            resp.set_header("Content-Encoding", "gzip")
            resp.stream = _squeezed(_tar(files))
            return
        resp.content_length = sum(_BLOCK + size + -size % _BLOCK for _, _, size in files) + 2 * _BLOCK
        resp.stream = _tar(files)


def send_file(req: falcon.Request, resp: falcon.Response, path: Path, media_type: str, sha256: str) -> None:
    """Answer with a file whose bytes never change: ETag, 304, and single ranges."""
    size = path.stat().st_size
    etag = f'"{sha256}"'
    resp.set_header("ETag", etag)
    resp.set_header("Accept-Ranges", "bytes")
    # A course's files are strangers: never run as a page of this site, never guessed to be another type.
    resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
    known = [tag.strip().removeprefix("W/") for tag in (req.get_header("If-None-Match") or "").split(",")]
    if etag in known or known == ["*"]:
        resp.status = 304
        return
    resp.content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    span = _span(req, size, etag)
    if span is not None:
        resp.status = 206
        resp.set_header("Content-Range", f"bytes {span.start}-{span.stop - 1}/{size}")
    span = span or range(size)
    resp.content_length = len(span)
    if req.method != "HEAD":
        resp.stream = _read(path.open("rb"), span)


def _who(req: falcon.Request, context: ServerContext) -> User | None:
    session = bearer(req, context)
    return session.user if session else None


def _span(req: falcon.Request, size: int, etag: str) -> range | None:
    """The one range asked for; None for the whole file, which is always a right answer (RFC 9110, 14.2)."""
    if req.get_header("If-Range") not in {None, etag}:
        return None
    asked = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", req.get_header("Range") or "")
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise falcon.HTTPRangeNotSatisfiable(size)
    return range(start, stop)


def _read(file: BinaryIO, span: range) -> Iterator[bytes]:
    with file:
        file.seek(span.start)
        left = len(span)
        while left and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _is_mostly_text(files: Sequence[tuple[str, Path, int]], types: Mapping[str, str]) -> bool:
    """Whether squeezing is worth its time: pictures are as small as they get, texts and tar's own lines aren't."""
    airy = sum(size for name, _, size in files if types[name].startswith("text/")) + 2 * _BLOCK * len(files)
    return airy >= sum(size for name, _, size in files if not types[name].startswith("text/"))


def _squeezed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    gzip = zlib.compressobj(wbits=31)
    for piece in pieces:
        if out := gzip.compress(piece):
            yield out
    yield gzip.flush()


def _tar(files: list[tuple[str, Path, int]]) -> Iterator[bytes]:
    for name, path, size in files:
        entry = tarfile.TarInfo(name)
        entry.size = size
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
        yield b"\0" * (-size % _BLOCK)
    yield b"\0" * (2 * _BLOCK)
