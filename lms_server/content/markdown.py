"""Markdown to HTML that is not yet safe: CommonMark with tables, task lists, strike-through, footnotes, callouts."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from lms_server.content.errors import BadCourse, Fault
from lms_server.content.places import slug
from lms_server.content.tree import MAX_TEXT_BYTES
from lms_server.content.words import word

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_CALLOUT = re.compile(r"\[!(note|tip|important|warning|caution)\][+-]?[ \t]*([^\n]*)(?:\n|$)", re.IGNORECASE)
_CALM = {"note", "tip"}
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.+)")
_PICTURE = re.compile(r"data:image/[\w.+-]{1,20};base64,[A-Za-z0-9+/=%]{64,}")
_SET_ASIDE = re.compile(r"data:image/[0-9a-f]{64}-\d+;")
_NAMED = re.compile(r"\{:?[ \t]*([#.][\w:.-]+)[^{}\n]*\}[ \t]*\Z")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)")
# A list of lists nested deeper than this is an attack, not a lesson.
MAX_NESTING = 40
# Some of Markdown's rules take time that grows with the square of a text made to be slow.
MAX_CHARS = 1 << 19
MAX_LINK_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Page:
    """A Markdown file taken apart: what stands before the text, and the text."""

    matter: dict[str, Any]
    text: str

    @property
    def heading(self) -> str | None:
        """The first heading's words, code blocks and comments left out."""
        in_comment = False
        for line, code, _ in code_marked(self.text):
            found = None if in_comment or code is not None else _HEADING.match(line)
            if found is not None:
                return plain(_NAMED.sub("", found[1]).rstrip(" \t#"))
            in_comment = "-->" not in line if "<!--" in line else in_comment and "-->" not in line
        return None


def code_marked(text: str) -> Iterator[tuple[str, str | None, bool]]:
    """Each line, what a code fence around it says (None outside of code), and whether the line is that fence."""
    fence, info = "", ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and not fence and "`" not in found[2]:
            fence, info = found[1], found[2].strip()
            yield line, info, True
        elif found and fence and found[1].startswith(fence) and not found[2].strip():
            yield line, info, True
            fence = ""
        else:
            yield line, info if fence else None, False


def page(text: str) -> Page:
    """Front matter (YAML between ``---`` lines) and the rest; bad YAML raises ValueError in words."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return Page({}, text)
    matter = yaml_mapping(found[1])
    return Page(matter, text[found.end() :])


def page_or_text(text: str) -> Page:
    """The same for a text that was not written for us: what may be no front matter is the text's own beginning."""
    try:
        return page(text)
    except ValueError:
        return Page({}, text)


def yaml_mapping(text: str) -> dict[str, Any]:
    """A YAML mapping with text keys; anything else is a ValueError. Aliases are refused: they can grow without end."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ValueError("aliases (*name) are not allowed")
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("not a list of names with values")
    return value


def plain(inline: str) -> str:
    """A title without Markdown's marks."""
    tokens = _parser("en").parseInline(inline)[0].children or []
    return "".join(_plain_text(token) for token in tokens).strip()


def _plain_text(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "code_inline", "text_special", "image"} else ""


def to_html(text: str, language: str = "en") -> str:
    """The text's HTML, author's own HTML included."""
    short, pictures = _set_aside(text)
    if len(short) > MAX_CHARS:
        beginning = " ".join(text[:200].split())[:60]
        raise BadCourse(
            Fault.TOO_BIG,
            "A lesson has more than {most} characters: split it ({beginning!r} …).",
            most=f"{MAX_CHARS:,}",
            beginning=beginning,
        )
    return _put_back(str(_parser(language).render(short)), pictures)


def _set_aside(text: str) -> tuple[str, dict[str, str]]:
    """The text with short addresses in place of pictures that are written into it, and those pictures."""
    pictures: dict[str, str] = {}
    if ";base64," not in text:
        return text, pictures
    # No text can hold a mark that depends on all of it.
    mark = sha256(text.encode("utf-8", "replace")).hexdigest()

    def shorten(found: re.Match[str]) -> str:
        return pictures.setdefault(found[0], f"data:image/{mark}-{len(pictures)};")

    short = _PICTURE.sub(shorten, text)
    return short, {name: picture for picture, name in pictures.items()}


def _put_back(html: str, pictures: Mapping[str, str]) -> str:
    if not pictures:
        return html
    # One picture can be named in a hundred thousand places.
    if sum(len(pictures.get(name, "")) for name in _SET_ASIDE.findall(html)) > MAX_TEXT_BYTES:
        raise BadCourse(Fault.TOO_BIG, "A lesson shows the pictures that are written into its text too often.")
    return _SET_ASIDE.sub(lambda found: pictures.get(found[0], found[0]), html)


class _Markdown(MarkdownIt):
    """Judges no address, as sanitising does, which can also tell of it."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- the library's name
        # One long address can be named in a hundred thousand places.
        return len(url) <= MAX_LINK_CHARS


@lru_cache(maxsize=8)
def _parser(language: str) -> MarkdownIt:
    parser = _Markdown("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(tasklists_plugin)
    parser.core.ruler.after("block", "callout", lambda state: _mark_callouts(state, language))
    parser.core.ruler.after("block", "named_headings", _take_names)
    parser.core.ruler.after("block", "short_titles", _shorten_titles)
    parser.core.ruler.after("inline", "heading_places", _place_headings)
    # Not "[1:2]" where a footnote is named again.
    parser.add_render_rule("footnote_caption", lambda _, tokens, at, *__: f"[{tokens[at].meta['id'] + 1}]")
    return parser


def _shorten_titles(state: StateCore) -> None:
    """So that a long title of a link that is named often doesn't make a text of gigabytes."""
    for reference in state.env.get("references", {}).values():
        reference["title"] = reference["title"][:MAX_LINK_CHARS]


def _headings(state: StateCore) -> Iterator[tuple[Token, Token]]:
    """Each heading of the author's with its text."""
    tokens = state.tokens
    return (
        (token, tokens[at + 1])
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and not token.meta.get("is_title")
    )


def _take_names(state: StateCore) -> None:
    """``# Title {#name}``: the author's own name for the heading."""
    for heading, text in _headings(state):
        if found := _NAMED.search(text.content):
            text.content = text.content[: found.start()].rstrip()
            if found[1].startswith("#"):
                heading.attrSet("id", found[1][1:])


def _place_headings(state: StateCore) -> None:
    """Headings without a name get one made of their words; a second one of the same words a number."""
    seen: Counter[str] = Counter()
    for heading, text in _headings(state):
        if heading.attrGet("id") is None:
            name = slug("".join(map(_plain_text, text.children or [])))
            seen[name] += 1
            heading.attrSet("id", f"{name}-{seen[name] - 1}" if seen[name] > 1 else name)


def _mark_callouts(state: StateCore, language: str) -> None:
    tokens: list[Token] = []
    for at, token in enumerate(state.tokens):
        tokens.append(token)
        inline = state.tokens[at + 2] if token.type == "blockquote_open" and at + 2 < len(state.tokens) else None
        found = _CALLOUT.match(inline.content) if inline is not None and inline.type == "inline" else None
        if inline is None or found is None:
            continue
        _become_callout(state.tokens, at, "callout note" if found[1].lower() in _CALM else "callout")
        tokens += _title(found[2].strip() or word(found[1].lower(), language), token.level + 1)
        inline.content = inline.content[found.end() :]
    state.tokens = tokens


def _title(words: str, level: int) -> Iterator[Token]:
    yield Token("heading_open", "h4", 1, level=level, block=True, meta={"is_title": True})
    yield Token("inline", "", 0, level=level + 1, block=True, content=words, children=[], map=[0, 0])
    yield Token("heading_close", "h4", -1, level=level, block=True)


def _become_callout(tokens: list[Token], start: int, name: str) -> None:
    level = tokens[start].level
    end = next(
        at
        for at in range(start + 1, len(tokens))
        if tokens[at].type == "blockquote_close" and tokens[at].level == level
    )
    tokens[start].tag = tokens[end].tag = "div"
    tokens[start].attrSet("class", name)
