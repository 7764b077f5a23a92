"""Open edX course exports (OLX): chapters and sequences are sections, units are lessons."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from lms_server.content import xml
from lms_server.content.compose import SECTION_MARK, LessonSource, Outline, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.model import RemarkCode, Remarks
from lms_server.content.olx_blocks import Block, block_html
from lms_server.content.tree import Tree
from lms_server.content.xml import Element
from lms_server.sentences import sentence

COURSE = "course.xml"
MAX_EXPERIMENTS = 3
_LEVELS = ("chapter", "sequential", "vertical")
_STUDIO = re.compile(r"[ ()]")
_JUMP = re.compile(r"\A/jump_to(?:_id)?/(?:[^?#]*[@/])?([\w.-]+)")
_PLACEHOLDER = re.compile(r"%%[A-Z_]+%%")


def is_olx(tree: Tree) -> bool:
    """A course.xml whose root is a course."""
    return COURSE in tree and "<course" in tree.text(COURSE)[:2_000]


@dataclass(slots=True)
class _Walk:
    """One pass over the course's elements."""

    tree: Tree
    lessons: list[LessonSource] = field(default_factory=list)
    remarks: Remarks = field(default_factory=Remarks)
    # Every element's name, to the path of the lesson that it is in.
    places: dict[str, str] = field(default_factory=dict)
    language: str = "en"


def outline(tree: Tree) -> Outline:
    """The export as a course; hidden chapters and drafts stay out."""
    pointer = xml.parse(tree, COURSE)
    root = _resolved(tree, pointer)
    about = _policy(tree, pointer) | dict(root.attrib)
    walk = _Walk(tree, language=str(about.get("language") or "en"))
    for chapter in xml.children(root, "chapter"):
        _section(walk, chapter, (), 0, [])
    title = str(about.get("display_name") or tree.name)
    image = about.get("course_image")
    return Outline(
        tree=tree,
        slug=slug_of(title) or "course",
        title=title,
        language=walk.language,
        license=_license(str(about.get("license") or "")),
        cover=_static(tree)(f"/static/{image}") if image else None,
        lessons=tuple(walk.lessons),
        remarks=walk.remarks.all(),
        translate=_translate(tree),
        withheld=lambda path: not path.startswith("static/"),
        aliases=tuple((f"jump/{name}", path) for name, path in walk.places.items()),
    )


def _license(words: str) -> str:
    """``creative-commons: ver=4.0 BY NC`` as it is written elsewhere."""
    found = re.match(r"creative-commons: ver=(\d\.\d) ([A-Z ]+)", words)
    return f"CC-{found[2].strip().replace(' ', '-')}-{found[1]}" if found else words


def _resolved(tree: Tree, element: Element) -> Element:
    """The element itself, or what its ``url_name`` points to."""
    path = f"{xml.local(element)}/{_name(element)}.xml"
    if len(element) or path not in tree:
        return element
    found = xml.parse(tree, path)
    for key, value in element.attrib.items():
        found.attrib.setdefault(key, value)
    return found


def _name(element: Element) -> str:
    return element.get("url_name", "")


def _policy(tree: Tree, pointer: Element) -> dict[str, Any]:
    run = _name(pointer)
    path = f"policies/{run}/policy.json"
    if path not in tree:
        return {}
    try:
        values = json.loads(tree.text(path)).get(f"course/{run}", {})
    except (ValueError, RecursionError, AttributeError) as error:
        raise BadCourse(Fault.BAD_METADATA, "{path} is not the JSON of a policy.", path=path) from error
    return values if isinstance(values, dict) else {}


def _section(walk: _Walk, pointer: Element, above: tuple[str, ...], level: int, names: list[str]) -> None:
    element = _resolved(walk.tree, pointer)
    title = element.get("display_name", "").strip()
    if element.get("visible_to_staff_only", "").lower() == "true":
        where = f"{xml.local(pointer)}/{_name(element)}.xml"
        walk.remarks.note(RemarkCode.HIDDEN_SKIPPED, where, sentence("{title!r} is for staff only.", title=title))
        return
    inside = [*names, _name(pointer)]
    if level == len(_LEVELS) - 1:
        _lesson(walk, element, pointer, above, inside)
        names.clear()
        return
    for child in xml.children(element, _LEVELS[level + 1]):
        _section(walk, child, (*above, title) if title else above, level + 1, inside)
        # Only the first lesson answers for the sections above it.
        inside = []


def _lesson(walk: _Walk, element: Element, pointer: Element, above: tuple[str, ...], names: list[str]) -> None:
    path = f"vertical/{_name(pointer)}.xml"
    blocks = [_block(walk.tree, child) for child in xml.children(element)]
    parts, files = [], []
    for block in blocks:
        walk.places.setdefault(block.name, path)
        html, more, remark = block_html(walk.tree, block, walk.language)
        parts.append(_PLACEHOLDER.sub("", html))
        files += more
        if remark is not None:
            walk.remarks.add(remark)
    walk.places.update(dict.fromkeys(names, path))
    title = element.get("display_name", "").strip() or (above[-1] if above else _name(pointer))
    section = SECTION_MARK.join(above)
    walk.lessons.append(LessonSource(path, title, section, "\n".join(parts), attachments=tuple(dict.fromkeys(files))))


def _block(tree: Tree, pointer: Element, depth: int = 0) -> Block:
    element = _resolved(tree, pointer)
    # An experiment may hold an experiment, but not for ever.
    inside = _variants(tree, element) if depth < MAX_EXPERIMENTS else ()
    return Block(xml.local(pointer), _name(pointer), element, [_block(tree, child, depth + 1) for child in inside])


def _variants(tree: Tree, element: Element) -> Iterator[Element]:
    """What a learner sees of an experiment: its first variant's blocks."""
    if xml.local(element) == "split_test":
        for vertical in xml.children(element, "vertical")[:1]:
            yield from xml.children(_resolved(tree, vertical))


def _static(tree: Tree) -> "_Static":
    names = {_STUDIO.sub("_", path): path for path in tree.sizes if path.startswith("static/")}
    return _Static(tree, names)


@dataclass(frozen=True, slots=True)
class _Static:
    """Studio writes ``_`` for space and parentheses in addresses, and keeps them in files' names."""

    tree: Tree
    by_studio_name: dict[str, str]

    def __call__(self, address: str) -> str:
        path = address.lstrip("/")
        return path if path in self.tree else self.by_studio_name.get(_STUDIO.sub("_", path), path)


def _translate(tree: Tree) -> "_Translate":
    return _Translate(_static(tree))


@dataclass(frozen=True, slots=True)
class _Translate:
    static: _Static

    def __call__(self, address: str) -> str:
        if found := _JUMP.match(address):
            _, mark, fragment = address.partition("#")
            return f"/jump/{found[1]}{mark}{fragment}"
        plain = re.split(r"[?#]", address, maxsplit=1)[0]
        if plain.lstrip("/").startswith("static/"):
            return f"/{quote(self.static(unquote(plain)))}"
        return address
