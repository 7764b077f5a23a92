"""Names of files inside a course: what is refused, and how links find their target."""

import hashlib
import posixpath
import re
import unicodedata
from urllib.parse import unquote

from lms_server.content.errors import BadCourse, Fault

MAX_PATH_CHARS = 500
MAX_PART_BYTES = 255
MAX_DEPTH = 32

_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")
# Would be read as syntax when the path stands in a link.
_URL_SYNTAX = re.compile(r'[%#?:"<>|*&]')
_RUN = re.compile(r"(\d+)")


def safe_path(name: str) -> str:
    """The name in NFC, refused when it could lie outside the course or mean something else on another system."""
    if _CONTROL.search(name) or "\\" in name or name.startswith("/") or _DRIVE.match(name):
        raise _unsafe(name)
    path = unicodedata.normalize("NFC", name)
    parts = path.split("/")
    if len(path) > MAX_PATH_CHARS or len(parts) > MAX_DEPTH or not all(map(_is_safe_part, parts)):
        raise _unsafe(name)
    return path


def _is_safe_part(part: str) -> bool:
    if part in {"", ".", ".."} or part[-1] in " ." or len(part.encode("utf-8", "surrogatepass")) > MAX_PART_BYTES:
        return False
    if any(unicodedata.category(char) == "Cs" for char in part):
        return False
    return part.split(".", 1)[0].strip().casefold() not in _RESERVED


def _unsafe(name: str) -> BadCourse:
    return BadCourse(
        Fault.UNSAFE_NAME,
        "The name {name} is not allowed in a course: rename the file "
        "(no '..', no absolute path, drive, backslash, control character or name reserved by Windows).",
        name=ascii(name[:100]),
    )


def clash_key(path: str) -> str:
    """Equal for two paths that some file system takes for one."""
    return unicodedata.normalize("NFC", path.casefold())


def is_hidden(path: str) -> bool:
    """Left by tools: ``.git``, ``.DS_Store``, ``__MACOSX`` and their like."""
    return any(map(_is_hidden_part, path.split("/")))


def _is_hidden_part(part: str) -> bool:
    return (part.startswith(".") and part not in {".", ".."}) or part in {"__MACOSX", "Thumbs.db", "desktop.ini"}


def natural_key(path: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts ``step_2`` before ``step_10``."""
    parts = _RUN.split(path.casefold())
    return tuple((0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in parts if part)


def join(base: str, link: str) -> str | None:
    """The path that a link in the file ``base`` means, or None when it leaves the course."""
    return within(base, unquote(re.split(r"[?#]", link, maxsplit=1)[0]))


def within(base: str, name: str) -> str | None:
    """The same for a name that is written as it is, not as an address."""
    target = unicodedata.normalize("NFC", name)
    if _CONTROL.search(target) or "\\" in target:
        return None
    start = "" if target.startswith("/") else posixpath.dirname(base)
    path = posixpath.normpath(posixpath.join(start, target.lstrip("/")))
    return None if path == ".." or path.startswith(("../", "/")) else path


def link_name(path: str) -> str:
    """The path under which a lesson's text and its attachments name a file: never syntax in a link."""
    if not _URL_SYNTAX.search(path):
        return path
    stem, dot, suffix = _URL_SYNTAX.sub("_", path).rpartition(".")
    mark = hashlib.sha256(path.encode()).hexdigest()[:8]
    return f"{stem}-{mark}.{suffix}" if dot else f"{suffix}-{mark}"
