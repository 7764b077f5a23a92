"""Quizzes of Common Cartridges (QTI 1.2) as questions to read: nothing is marked."""

import re
from collections.abc import Iterator
from html import escape

from lms_server.content import xml
from lms_server.content.words import word
from lms_server.content.xml import Element

_PARAGRAPH = re.compile(r"\A\s*<p\b[^>]*>(.*)</p>\s*\Z", re.DOTALL | re.IGNORECASE)


def questions(root: Element, language: str) -> str:
    """The questions with their answers to choose from, as HTML that is not yet safe; empty where there are none."""
    items = (found for found in root.iter() if isinstance(found.tag, str) and xml.local(found) == "item")
    return "\n".join(filter(None, (_question(item, language) for item in items)))


def _question(item: Element, language: str) -> str:
    presentation = xml.first(item, "presentation")
    parts = "".join(_parts(presentation, "○")) if presentation is not None else ""
    title = escape(item.get("title", "").strip() or word("quiz", language))
    return f'<div class="callout note"><h4>{title}</h4>{parts}</div>' if parts else ""


def _parts(element: Element, mark: str) -> Iterator[str]:
    for child in xml.children(element):
        name = xml.local(child)
        if name == "material":
            yield _text(child)
        elif name == "render_choice":
            yield f"<ul>{''.join(_choices(child, mark))}</ul>"
        elif name == "render_fib":
            yield "<p>________</p>"
        else:
            many = child.get("rcardinality", "").lower() == "multiple"
            yield from _parts(child, "☐" if many else mark)


def _choices(choices: Element, mark: str) -> Iterator[str]:
    for label in choices.iter():
        if isinstance(label.tag, str) and xml.local(label) == "response_label":
            text = "".join(map(_text, xml.children(label, "material")))
            found = _PARAGRAPH.match(text)
            inner = found[1] if found is not None and "<p" not in found[1] else text
            yield f"<li>{mark} {inner}</li>"


def _text(material: Element) -> str:
    return "".join(_words(part) for part in xml.children(material, "mattext"))


def _words(part: Element) -> str:
    text = "".join(part.itertext())
    return text if part.get("texttype", "").lower() == "text/html" else f"<p>{escape(text)}</p>"
