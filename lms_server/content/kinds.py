"""What kind of file it is, by its first bytes before its name, and whether a reader can show it."""

import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from lms_server.content.model import RemarkCode

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
    words: str = ""

    @property
    def can_be_shown(self) -> bool:
        """As a picture in the text."""
        return self.media_type.startswith("image/") and self.trouble in {None, RemarkCode.LARGE_IMAGE}


def kind_of(path: str, size: int, head: bytes, whole_svg: bytes | None = None) -> Kind:
    """From the name, the size and the first bytes (for a drawing: all of them)."""
    suffix = PurePosixPath(path).suffix.lower()
    if size == 0:
        return Kind("", RemarkCode.EMPTY_FILE, "the file is empty.")
    if is_svg(head):
        return _drawing(whole_svg if whole_svg is not None else head)
    if image := _image_type(head):
        return _picture(image, head)
    if suffix in IMAGE_SUFFIXES:
        return Kind(OTHER, RemarkCode.UNSAFE_IMAGE, "the name says picture, the content does not.")
    return Kind(_BY_SUFFIX.get(suffix, OTHER))


def is_svg(head: bytes) -> bool:
    """Whether a file that begins like this is an SVG drawing."""
    return bool(_SVG.match(head))


def _drawing(data: bytes) -> Kind:
    if _SVG_DANGER.search(data):
        return Kind("", RemarkCode.UNSAFE_IMAGE, "the drawing runs or fetches something.")
    return Kind("image/svg+xml")


def _image_type(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _picture(media_type: str, head: bytes) -> Kind:
    pixels = _pixels(media_type, head)
    if pixels > MAX_PIXELS:
        return Kind(media_type, RemarkCode.UNSAFE_IMAGE, f"the picture has {pixels // 1_000_000} million pixels.")
    if pixels > LARGE_PIXELS:
        words = f"the picture has {pixels // 1_000_000} million pixels; a smaller one loads faster."
        return Kind(media_type, RemarkCode.LARGE_IMAGE, words)
    return Kind(media_type)


def _pixels(media_type: str, head: bytes) -> int:
    if media_type == "image/png" and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return int(width * height)
    if media_type == "image/gif" and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return int(width * height)
    return _jpeg_pixels(head) if media_type == "image/jpeg" else 0


def _jpeg_pixels(head: bytes) -> int:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return int(width * height)
        at += 2 + length
    return 0
