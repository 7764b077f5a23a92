"""XML from strangers: no document types, no entities, no surprises."""

import re
from xml.etree import ElementTree as ET

from lms_server.content.errors import BadCourse, Fault
from lms_server.content.tree import Tree

Element = ET.Element
MAX_DEPTH = 100
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*>", re.IGNORECASE)
_OPENING = re.compile(r"<(/?)[A-Za-z_][^>]*?(/?)>")


def parse(tree: Tree, path: str) -> Element:
    """The root of an XML file; BadCourse when it is none or tries to define entities."""
    text = _DOCTYPE.sub("", _DECLARATION.sub("", tree.text(path), count=1), count=1)
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise BadCourse(Fault.BAD_METADATA, "{path} defines entities, which is not allowed.", path=path)
    if _depth(text) > MAX_DEPTH:
        raise BadCourse(Fault.BAD_METADATA, "{path} is nested too deeply.", path=path)
    try:
        return ET.fromstring(text)  # noqa: S314 -- entities and depth are refused above
    except ET.ParseError as error:
        raise BadCourse(
            Fault.BAD_METADATA, "{path} is not well-formed XML: {error}.", path=path, error=error
        ) from error


def _depth(text: str) -> int:
    depth = deepest = 0
    for found in _OPENING.finditer(text):
        if not found[2]:
            depth += -1 if found[1] else 1
            deepest = max(deepest, depth)
    return deepest


def local(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element | None, *names: str) -> list[Element]:
    """The children with one of these local names, in order; all of them without names, none of nothing."""
    if element is None:
        return []
    return [child for child in element if isinstance(child.tag, str) and (not names or local(child) in names)]


def first(element: Element | None, *path: str) -> Element | None:
    """The first descendant along a path of local names."""
    for name in path:
        element = next(iter(children(element, name)), None)
    return element


def text_of(element: Element | None) -> str:
    """All text inside, on one line."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def to_html(element: Element) -> str:
    """The element's own markup; safe only after sanitising."""
    return ET.tostring(element, encoding="unicode", method="html")
