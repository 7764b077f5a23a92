"""What kind of file it is, by its first bytes before its name, and whether a reader can show it."""

import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from lms_server.content.model import RemarkCode
from lms_server.sentences import Sentence, sentence

HEAD_BYTES = 1 << 16
LARGE_PIXELS = 12_000_000
# More than this would take the reader's memory.
MAX_PIXELS = 64_000_000
OTHER = "application/octet-stream"

# Never a type that a browser would run: pages and scripts travel as plain bytes.
_BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".zip": "application/zip",
    ".epub": "application/epub+zip",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp"}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg\b",
    re.DOTALL | re.IGNORECASE,
)
# Anything in a drawing that runs or fetches; references inside the drawing (#id) and data pictures are fine.
_SVG_DANGER = re.compile(
    rb"<script|<foreignObject|<!ENTITY|\son\w+\s*=|javascript:|@import|href\s*=\s*[\"']\s*(?!#|data:image/(?:png|jpeg|gif))"
    rb"(?!https?://www\.w3\.org)[^\"'\s]|url\(\s*[\"']?\s*(?!#)[^\s\"')]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """An empty ``media_type`` means: not fit to be handed out at all."""

    media_type: str
    trouble: RemarkCode | None = None
    # What stands after the file's name.
    words: Sentence | None = None

    @property
    def can_be_shown(self) -> bool:
        """As a picture in the text."""
        return self.media_type.startswith("image/") and self.trouble in {None, RemarkCode.LARGE_IMAGE}


def kind_of(path: str, size: int, head: bytes, whole_svg: bytes | None = None) -> Kind:
    """From the name, the size and the first bytes (for a drawing: all of them)."""
    suffix = PurePosixPath(path).suffix.lower()
    if size == 0:
        return Kind("", RemarkCode.EMPTY_FILE, sentence("the file is empty"))
    if is_svg(head):
        return _drawing(whole_svg if whole_svg is not None else head)
    if image := _image_type(head):
        return _picture(image, head)
    if suffix in IMAGE_SUFFIXES:
        return Kind(OTHER, RemarkCode.UNSAFE_IMAGE, sentence("the name says picture, the content does not"))
    return Kind(_BY_SUFFIX.get(suffix, OTHER))


def is_svg(head: bytes) -> bool:
    """Whether a file that begins like this is an SVG drawing."""
    return bool(_SVG.match(head))


def _drawing(data: bytes) -> Kind:
    if _SVG_DANGER.search(data):
        return Kind("", RemarkCode.UNSAFE_IMAGE, sentence("the drawing runs or fetches something"))
    return Kind("image/svg+xml")


def _image_type(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _picture(media_type: str, head: bytes) -> Kind:
    width, height = sides(media_type, head)
    pixels = width * height
    if pixels > MAX_PIXELS:
        return Kind(
            media_type, RemarkCode.UNSAFE_IMAGE, sentence("the picture has {n} million pixels", n=pixels // 1_000_000)
        )
    if pixels > LARGE_PIXELS:
        words = sentence("the picture has {n} million pixels; a smaller one loads faster", n=pixels // 1_000_000)
        return Kind(media_type, RemarkCode.LARGE_IMAGE, words)
    return Kind(media_type)


def sides(media_type: str, head: bytes) -> tuple[int, int]:
    """Width and height in pixels as the first bytes tell them; zeros where they don't."""
    measure = _MEASURES.get(media_type)
    try:
        return measure(head) if measure is not None else (0, 0)
    except (struct.error, IndexError):
        return 0, 0


def _png_sides(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return (width, height) if head[12:16] == b"IHDR" else (0, 0)


def _gif_sides(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp_sides(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<ii", head, 18)
    return abs(width), abs(height)


def _webp_sides(head: bytes) -> tuple[int, int]:
    form = head[12:16]
    if form == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if form == b"VP8L" and head[20] == 0x2F:
        (packed,) = struct.unpack_from("<I", head, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _jpeg_sides(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0


_MEASURES = {
    "image/png": _png_sides,
    "image/gif": _gif_sides,
    "image/bmp": _bmp_sides,
    "image/webp": _webp_sides,
    "image/jpeg": _jpeg_sides,
}
