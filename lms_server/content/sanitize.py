"""HTML from anywhere to the one subset that lessons are kept in.

Three passes: a loose allow-list makes any input well-formed, ``shape`` turns it into what the reader shows well,
a strict allow-list lets through nothing but known tags and exactly the addresses that shaping has approved.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import nh3

from lms_server.content.model import Remark
from lms_server.content.places import Places, places_in
from lms_server.content.shape import Resolve, Shaper

BLOCKS = {"p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
LISTS = {"ul", "ol", "li", "dl", "dt", "dd"}
TABLES = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"}
WORDS = {
    "span",
    "strong",
    "b",
    "em",
    "i",
    "u",
    "s",
    "del",
    "sub",
    "sup",
    "small",
    "big",
    "code",
    "kbd",
    "samp",
    "var",
    "tt",
}
TAGS = BLOCKS | LISTS | TABLES | WORDS | {"a", "img"}
# Shaping understands these and leaves none of them.
RAW_TAGS = TAGS | {
    *("details", "summary", "iframe", "video", "audio", "source", "embed", "object", "input"),
    *("figure", "figcaption", "section", "article", "main", "header", "footer", "aside", "nav", "center", "q"),
}
DROPPED_WITH_CONTENT = {
    "script",
    "style",
    "title",
    "template",
    "noscript",
    "svg",
    "math",
    "noframes",
    "textarea",
}

_TURNED = BLOCKS | LISTS | TABLES | {"span"}
_CLASSES = {"div": {"callout", "callout note"}, "p": {"online"}, "span": {"k", "s", "n", "c"}}
# Whole values, as nh3 leaves an empty class where it takes one away.
_VALUES = {tag: {"dir": {"ltr", "rtl"}, **({"class": _CLASSES[tag]} if tag in _CLASSES else {})} for tag in _TURNED}
for _cell in ("td", "th"):
    _VALUES[_cell]["align"] = {"left", "right", "center"}
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_RAW_ATTRIBUTES = {
    **_ATTRIBUTES,
    "*": {"class", "dir", "style", "hidden", "id"},
    "a": {*_ATTRIBUTES["a"], "name"},
    "img": {*_ATTRIBUTES["img"], "data-src"},
    **{cell: {*_ATTRIBUTES[cell], "align"} for cell in ("td", "th")},
    "iframe": {"src", "title", "data-src"},
    "video": {"src", "title"},
    "audio": {"src", "title"},
    "source": {"src"},
    "embed": {"src", "title"},
    "object": {"data", "title"},
    "input": {"type", "checked"},
}
_SCHEMES = {"http", "https", "mailto", "lesson"}
_NUMBERS = {"width": 4, "height": 4, "colspan": 2, "rowspan": 2, "start": 6}
# Parsing takes time with the square of the depth, and no lesson needs this much.
MAX_DEPTH = 500
# Those that do not end by themselves where the next one begins.
_NESTING_TAG = re.compile(
    r"<(/?)(?:div|span|section|article|main|header|footer|aside|nav|center|figure|details|blockquote|ul|ol|dl|table"
    r"|a|b|i|u|s|em|strong|small|big|sub|sup|del|code|pre|kbd|samp|var|tt|q|font|object|video|audio|h[1-6])\b",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"<p(?: dir=\"(?:ltr|rtl)\")?>\s*</p>\n?")


@dataclass(frozen=True, slots=True)
class Clean:
    """Safe HTML, the attachment paths it names, and what was noticed."""

    html: str
    assets: tuple[str, ...]
    remarks: tuple[Remark, ...]


def sanitise(html: str, resolve: Resolve, *, language: str = "en", where: str = "") -> Clean:
    """The HTML in the lessons' subset. Sanitising what was sanitised changes nothing."""
    shaper = Shaper(resolve, language=language, where=where)
    shaper.scan(html)
    sound = _well_formed(html if _depth(html) <= MAX_DEPTH else shaper.without_markup(html))
    shaper.expect(places_in(sound))
    shaper.feed(sound)
    shaper.close()
    strict = nh3.clean(
        shaper.html,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_VALUES,
        attribute_filter=_approve(shaper),
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    return Clean(_EMPTY.sub("", strict).strip() + "\n", tuple(shaper.assets), shaper.remarks.all())


def places_of(html: str) -> Places:
    """The places that links to a lesson with this HTML may name."""
    return places_in(_well_formed(html)) if _depth(html) <= MAX_DEPTH else Places()


def _depth(html: str) -> int:
    """How deep tags are nested at most, as written; a bound, as some of them close by themselves."""
    depth = deepest = 0
    for found in _NESTING_TAG.finditer(html):
        depth += -1 if found[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _well_formed(html: str) -> str:
    return nh3.clean(
        html,
        tags=RAW_TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=_RAW_ATTRIBUTES,
        # Addresses are judged in shaping; nh3 would drop those of other schemes without a word.
        url_schemes=_SCHEMES | {"file", "data", "javascript", "ftp", "vbscript", "blob", "tel"},
        link_rel=None,
    )


def _approve(shaper: Shaper) -> Callable[[str, str, str], str | None]:
    def judge(_tag: str, name: str, value: str) -> str | None:
        if name in {"src", "href"}:
            return value if value in shaper.addresses else None
        if name == "id":
            return value if value in shaper.places else None
        if name in _NUMBERS:
            return value if value.isascii() and value.isdigit() and len(value) <= _NUMBERS[name] else None
        return value

    return judge
