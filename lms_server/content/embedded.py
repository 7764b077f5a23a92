"""Pictures written into a text as ``data:`` addresses: unpacked with a cap, and believed only after a look."""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

from lms_server.content.kinds import HEAD_BYTES, kind_of, sides
from lms_server.sentences import Sentence, sentence

MAX_BYTES = 8 << 20
# Of all in one course, as they are held in memory.
MAX_TOTAL_BYTES = 64 << 20
FOLDER = "embedded"
_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}
_HEAD = re.compile(r"data:([\w.+/-]*)((?:;[\w.=-]+)*),", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Picture:
    """``data`` is what it says it is; ``path`` is where the course keeps it. Without data ``words`` tell why."""

    data: bytes = b""
    media_type: str = ""
    words: Sentence | None = None
    # Too small to be seen: programs put it where they show something else later.
    is_spacer: bool = False

    @property
    def path(self) -> str:
        """Made of the content, so that a picture that is shown often is kept once."""
        return f"{FOLDER}/{sha256(self.data).hexdigest()[:32]}{_SUFFIXES[self.media_type]}"


def is_data(address: str) -> bool:
    """Whether an address is its own content."""
    return address[:5].lower() == "data:"


def unpack(address: str) -> Picture:
    """The picture in a ``data:`` address."""
    found = _HEAD.match(address)
    media_type = found[1].lower().replace("image/jpg", "image/jpeg") if found else ""
    if found is None or media_type not in _SUFFIXES or not found[2].lower().endswith(";base64"):
        return Picture(
            words=sentence(
                "its address says {kind}, not PNG, JPEG, GIF or WebP in base64",
                kind=ascii((media_type or "nothing")[:60]),
            )
        )
    if len(address) > MAX_BYTES * 4 // 3:
        return Picture(words=sentence("it is larger than {most} MiB", most=MAX_BYTES >> 20))
    data = _decoded(address[found.end() :])
    return _looked_at(media_type, data) if data else Picture(words=sentence("nothing can be read from its address"))


def _decoded(text: str) -> bytes:
    text = _SPACE.sub("", unquote(text) if "%" in text else text).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _looked_at(media_type: str, data: bytes) -> Picture:
    head = data[:HEAD_BYTES]
    kind = kind_of(f"picture{_SUFFIXES[media_type]}", len(data), head)
    if kind.media_type != media_type:
        return Picture(words=sentence("it says {kind}, its content does not", kind=media_type))
    width, height = sides(media_type, head)
    if not kind.can_be_shown or not width or not height:
        return Picture(words=kind.words or sentence("it is damaged"))
    return Picture(data, media_type, is_spacer=max(width, height) <= 2)
