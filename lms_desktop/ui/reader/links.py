"""Where a link may lead: inside the lesson, to another one, to a file of this one, or, after a question, outside."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lms_desktop.ui.reader.markup import PLACE, TOP
from lms_server.contract.ids import is_uuid

MAX_CHARS = 2048


class Way(StrEnum):
    PLACE = "place"
    LESSON = "lesson"
    WEB = "web"
    MAIL = "mail"
    FILE = "file"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Link:
    """A link's kind and what it names: a place, a lesson's uid (and place), a file's path, or an address outside."""

    way: Way
    target: str


NOWHERE = Link(Way.NOWHERE, "")


def link_of(href: str) -> Link:
    """Tell where an address leads; everything not known to be harmless leads nowhere."""
    if len(href) > MAX_CHARS or any(not char.isprintable() or char in " \\" for char in href):
        return NOWHERE
    scheme, _, rest = href.partition(":")
    if scheme == "lesson":
        uid, mark, place = rest.partition("#")
        return Link(Way.LESSON, rest) if is_uuid(uid) and (not mark or PLACE.fullmatch(place)) else NOWHERE
    if scheme.lower() == "mailto":
        return Link(Way.MAIL, href) if "@" in rest else NOWHERE
    return Link(Way.WEB, href) if scheme.lower() in {"http", "https"} and _has_host(href) else NOWHERE


class Links:
    """The links of the lesson on show: a document only ever holds their numbers, never an address."""

    def __init__(self, files: frozenset[str] = frozenset(), places: frozenset[str] = frozenset()) -> None:
        self._files = files
        self._places = places | {TOP}
        self._known: list[Link] = []

    def add(self, href: str) -> str | None:
        """Give the name of a link for the document; nothing if it may not lead there."""
        link = self._inside(href) or link_of(href)
        if link.way is Way.NOWHERE:
            return None
        self._known.append(link)
        return f"link:{len(self._known) - 1}"

    def _inside(self, href: str) -> Link | None:
        if href.startswith("#") and href[1:] in self._places:
            return Link(Way.PLACE, href[1:])
        return Link(Way.FILE, href) if href in self._files else None

    def find(self, name: str) -> Link:
        kind, _, number = name.partition(":")
        if kind != "link" or not number.isascii() or not number.isdigit() or int(number) >= len(self._known):
            return NOWHERE
        return self._known[int(number)]

    def clear(self) -> None:
        self._known.clear()


def _has_host(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    # A name before the host ("bank.example@evil.example") is there to deceive.
    return bool(parts.hostname) and "@" not in parts.netloc
