"""Places inside a lesson that links lead to: ids made harmless, and found again when an author is nearly right."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from html import unescape
from urllib.parse import unquote

# No id of a page around the text, and no name that a script knows, begins like this.
MARK = "at-"
TOP = f"{MARK}top"
MAX_CHARS = 80
PLACE = re.compile(rf"{MARK}[\w.:-]{{1,{MAX_CHARS}}}")

_NOT_IN_NAME = re.compile(r"[^\w.:-]+")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]+")
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [\w:-]+="[^"]*")+)>')
_ID = re.compile(r' id="([^"]*)"')
_NAME = re.compile(r' name="([^"]*)"')


def place_of(name: str) -> str | None:
    """The id under which lessons keep what an author calls ``name``; None for no name."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or PLACE.fullmatch(name):
        return name or None
    kept = _NOT_IN_NAME.sub("-", name)[: MAX_CHARS - 10]
    return MARK + (kept if kept == name else f"{kept}-{sha256(name.encode()).hexdigest()[:8]}")


@dataclass(frozen=True)
class Places:
    """The places of one lesson's text."""

    names: frozenset[str] = frozenset()

    def find(self, fragment: str) -> str | None:
        """What the end of an address means: that name, else the only one like it but for case and marks."""
        place = place_of(unquote(fragment))
        return place if place is None or place in self.names else self._alike.get(_letters(place))

    @cached_property
    def _alike(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {"": None}
        for name in self.names:
            letters = _letters(name)
            found[letters] = None if letters in found else name
        return found


def places_in(sound: str) -> Places:
    """The places of well-formed HTML: elements with an id, and links with a name."""
    if ' id="' not in sound and ' name="' not in sound:
        return Places()
    found = (_ID.search(rest) or (_NAME.search(rest) if tag == "a" else None) for tag, rest in _TAG.findall(sound))
    return Places(frozenset(place for name in found if name and (place := place_of(unescape(name[1])))))


def _letters(place: str) -> str:
    return "".join(filter(str.isalnum, place.removeprefix(MARK).casefold()))


def slug(heading: str) -> str:
    """The name that a heading has by itself, as GitHub and mdBook make it."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")
