"""Where the links and pictures of a lesson lead."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, quote, urlsplit

from lms_server.content.embedded import Picture, is_data
from lms_server.content.kinds import Kind
from lms_server.content.model import Remark, RemarkCode
from lms_server.content.paths import join, link_name
from lms_server.content.places import TOP, Places, place_of
from lms_server.content.shape import Target
from lms_server.content.tree import Tree
from lms_server.sentences import sentence

MAX_ADDRESS_CHARS = 2_000
_NOT_IN_ADDRESS = re.compile(r"""[\s"'<>\\^`{|}]""")


@dataclass(frozen=True)
class Links:
    """What can be linked to: lessons by path or uid, and the course's files."""

    tree: Tree
    # The path of each lesson's file, to its uid.
    lessons: Mapping[str, str]
    # Sources and descriptions are never handed out.
    withheld: Callable[[str], bool]
    # What kind of file lies at a path.
    kind: Callable[[str], Kind]
    # A format's own way to name things, turned into a path from the root ("/a/b") or "lesson:UID".
    translate: Callable[[str], str]
    # The places inside of the lesson with this uid.
    places: Callable[[str], Places]
    # Keeps the picture that an address holds.
    embed: Callable[[str], Picture]

    @cached_property
    def _uids(self) -> frozenset[str]:
        return frozenset(self.lessons.values())

    def resolve(self, address: str, base: str, *, is_picture: bool) -> Target:
        """The target of an address that is written in the file ``base``."""
        if is_picture and is_data(address):
            return self._embedded(address, base)
        address = self.translate(address)
        if address.startswith("lesson:"):
            return self._lesson(address, base)
        try:
            parts = urlsplit(address)
        except ValueError:
            return _refused(address, base)
        if "\\" in address or len(address) > MAX_ADDRESS_CHARS:
            return _refused(address, base)
        if parts.scheme or parts.netloc:
            return _outside(address, parts, base, is_picture=is_picture)
        return self._inside(address, base, is_picture=is_picture)

    def _lesson(self, address: str, base: str) -> Target:
        uid, _, fragment = address.removeprefix("lesson:").partition("#")
        if uid in self._uids:
            return self._place(uid, fragment, base)
        return Target(
            None,
            remark=Remark(
                RemarkCode.MISSING_FILE, base, sentence("The link leads to no lesson: {address}", address=address[:200])
            ),
        )

    def _place(self, uid: str, fragment: str, base: str) -> Target:
        """A lesson, from its beginning or from a place inside."""
        place = self.places(uid).find(fragment) if fragment else None
        if place is not None:
            return Target(f"lesson:{uid}#{place}")
        is_beginning = not fragment or place_of(fragment) == TOP
        words = sentence("The link leads to no place in its lesson: {place}", place=f"#{fragment[:200]}")
        return Target(f"lesson:{uid}", remark=None if is_beginning else Remark(RemarkCode.MISSING_PLACE, base, words))

    def _embedded(self, address: str, base: str) -> Target:
        picture = self.embed(address)
        if picture.is_spacer:
            return Target(None)
        if picture.data:
            return Target(picture.path, is_asset=True)
        return Target(
            None,
            remark=Remark(
                RemarkCode.UNSAFE_IMAGE,
                base,
                sentence("A picture in the text was left out: {words}.", words=picture.words),
            ),
        )

    def _inside(self, address: str, base: str, *, is_picture: bool) -> Target:
        if not address or address.startswith(("#", "?")):
            return Target(None)
        path = join(base, address)
        if path is None:
            return _refused(address, base)
        for candidate in self._candidates(path):
            if candidate in self.lessons and not is_picture:
                return self._place(self.lessons[candidate], address.partition("#")[2], base)
            if candidate in self.tree and not self.withheld(candidate):
                return self._file(candidate, base, is_picture=is_picture)
        return self._not_found(path, base, is_picture=is_picture)

    def _file(self, path: str, base: str, *, is_picture: bool) -> Target:
        kind = self.kind(path)
        words = sentence("{path}: {words}.", path=path[:200], words=kind.words or sentence("is not a picture"))
        remark = Remark(kind.trouble, base, words) if kind.trouble else None
        if not kind.media_type or (is_picture and not kind.can_be_shown):
            return Target(None, remark=remark or Remark(RemarkCode.UNSAFE_IMAGE, base, words))
        return Target(link_name(path), is_asset=True, remark=remark if is_picture else None)

    def _candidates(self, path: str) -> tuple[str, ...]:
        stem = path.removesuffix(".html")
        return (path, f"{stem}.md", f"{path}/index.md", f"{path}/README.md")

    def _not_found(self, path: str, base: str, *, is_picture: bool) -> Target:
        if path in self.tree:
            return Target(
                None,
                remark=Remark(
                    RemarkCode.LINK_NOT_LESSON, base, sentence("{path} is linked but is no lesson.", path=path)
                ),
            )
        code = RemarkCode.MISSING_IMAGE if is_picture else RemarkCode.MISSING_FILE
        return Target(None, remark=Remark(code, base, sentence("{path} is not in the course.", path=path[:200])))


def _outside(address: str, parts: SplitResult, base: str, *, is_picture: bool) -> Target:
    if not parts.scheme:
        address, parts = f"https:{address}", parts._replace(scheme="https")
    if not _is_good(parts) or (is_picture and parts.scheme == "mailto"):
        return _refused(address, base)
    address = _NOT_IN_ADDRESS.sub(lambda found: quote(found[0]), address)
    if not is_picture:
        return Target(address)
    return Target(
        address,
        remark=Remark(
            RemarkCode.REMOTE_IMAGE,
            base,
            sentence("The picture is not in the course: {address}", address=address[:200]),
        ),
    )


def _is_good(parts: SplitResult) -> bool:
    if parts.scheme == "mailto":
        return "@" in parts.path
    # Names before an @ make an address look like another one's.
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not set("\\%<>\"'^`{|} ") & set(parts.netloc)
    )


def _refused(address: str, base: str) -> Target:
    return Target(
        None,
        remark=Remark(
            RemarkCode.UNSAFE_LINK, base, sentence("The address was left out: {address}", address=ascii(address[:200]))
        ),
    )
