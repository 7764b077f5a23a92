"""Where a link in a lesson may lead: to another lesson, or, after a question, outside."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lms_server.contract.ids import is_uuid

MAX_CHARS = 2048


class Way(StrEnum):
    LESSON = "lesson"
    WEB = "web"
    MAIL = "mail"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Link:
    """A link's kind and what it names: a lesson's uid, or the address to show before asking."""

    way: Way
    target: str


NOWHERE = Link(Way.NOWHERE, "")


def link_of(href: str) -> Link:
    """Tell where an address leads; everything not known to be harmless leads nowhere."""
    if len(href) > MAX_CHARS or any(not char.isprintable() or char in " \\" for char in href):
        return NOWHERE
    scheme, _, rest = href.partition(":")
    if scheme == "lesson":
        return Link(Way.LESSON, rest) if is_uuid(rest) else NOWHERE
    if scheme.lower() == "mailto":
        return Link(Way.MAIL, href) if "@" in rest else NOWHERE
    return Link(Way.WEB, href) if scheme.lower() in {"http", "https"} and _has_host(href) else NOWHERE


def is_allowed(href: str) -> bool:
    return link_of(href).way is not Way.NOWHERE


def _has_host(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    # A name before the host ("bank.example@evil.example") is there to deceive.
    return bool(parts.hostname) and "@" not in parts.netloc
