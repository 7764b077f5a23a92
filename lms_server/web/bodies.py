"""Reading and writing bodies: caps while inflating, digests over the bytes as sent (RFC 9530), gzip both ways."""

import base64
import zlib
from hashlib import sha256
from typing import Any, TypeVar

import falcon
import msgspec
from isal import isal_zlib

from lms_server.contract import strict
from lms_server.contract.wire import MAX_REQUEST_BYTES
from lms_server.web.errors import Problem

T = TypeVar("T")

_CHUNK_BYTES = 65536
# Under this, gzip saves less than it costs.
_WORTH_BYTES = 1024
_GZIP = 16 + zlib.MAX_WBITS


def read_body(req: falcon.Request, most: int = MAX_REQUEST_BYTES) -> bytes:
    """The decoded body, never more than ``most`` bytes of it in memory; raises Problem."""
    sent = req.bounded_stream.read(most + 1)
    if len(sent) > most:
        raise Problem(413, "too_large", f"The request is larger than {most} bytes.")
    if req.content_length is not None and len(sent) != req.content_length:
        raise Problem(400, "cut_short", "The request ended before its body was complete.")
    _check_digest(req.get_header("Content-Digest"), sent)
    encoding = (req.get_header("Content-Encoding") or "identity").strip().lower()
    if encoding == "identity":
        return sent
    if encoding != "gzip":
        raise Problem(415, "unsupported_encoding", "Only gzip is understood as Content-Encoding.")
    return _inflate(sent, most)


def read_json(req: falcon.Request, kind: type[T]) -> T:
    """The body as a struct; raises Problem or strict.BadJson."""
    expect_json(req)
    return strict.convert(strict.read(read_body(req), strict.MAX_VALUES), kind)


def expect_json(req: falcon.Request) -> None:
    """Refuse other content types: a form on another site can't send this one."""
    if (req.content_type or "").split(";")[0].strip().lower() != "application/json":
        raise Problem(415, "unsupported_type", "Send application/json.")


def write_json(req: falcon.Request, resp: falcon.Response, document: Any, status: int = 200) -> None:
    """Answer with JSON, compressed when the asker takes it, with the digest of what goes over the wire."""
    body = msgspec.json.encode(document)
    resp.status = status
    resp.content_type = "application/json"
    resp.append_header("Vary", "Accept-Encoding")
    if len(body) >= _WORTH_BYTES and takes_gzip(req):
        # A long answer is mostly random ids: this squeezes them better than zlib's fast levels, in a fifth of the time.
        body = isal_zlib.compress(body, 1, wbits=_GZIP)
        resp.set_header("Content-Encoding", "gzip")
    resp.set_header("Content-Digest", digest_of(body))
    resp.set_header("Cache-Control", "no-store")
    resp.data = body


def takes_gzip(req: falcon.Request) -> bool:
    """Whether the asker names gzip, and doesn't refuse it by weighing it nothing."""
    named = (part.strip().partition(";") for part in (req.get_header("Accept-Encoding") or "").lower().split(","))
    return any(name.strip() == "gzip" and "q=0" not in quality.split() for name, _, quality in named)


def digest_of(body: bytes) -> str:
    """The value of ``Content-Digest`` for these bytes."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def _check_digest(claimed: str | None, sent: bytes) -> None:
    if claimed is None:
        return
    ours = [part.strip() for part in claimed.split(",") if part.strip().startswith("sha-256=")]
    if ours and ours != [digest_of(sent)]:
        raise Problem(400, "garbled", "The body doesn't match its Content-Digest.")


def _inflate(sent: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP)
    body = bytearray()
    try:
        for start in range(0, len(sent), _CHUNK_BYTES):
            body += inflater.decompress(sent[start : start + _CHUNK_BYTES], most + 1 - len(body))
            if len(body) > most or inflater.unconsumed_tail:
                raise Problem(413, "too_large", f"The request is larger than {most} bytes when unpacked.")
    except zlib.error as error:
        raise Problem(400, "garbled", "The body is not gzip.") from error
    if not inflater.eof or inflater.unused_data:
        raise Problem(400, "cut_short", "The gzip body is incomplete or has something after its end.")
    return bytes(body)
