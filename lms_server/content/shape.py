"""Well-formed HTML made into what the reader shows well: nothing folded, hidden, moving or fetched."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from lms_server.content.embedded import is_data
from lms_server.content.highlight import highlighted
from lms_server.content.model import Remark, RemarkCode, Remarks
from lms_server.content.places import TOP, Places, place_of
from lms_server.content.words import word
from lms_server.sentences import Sentence, sentence

VOID = {"br", "hr", "img", "input", "source", "embed"}
# Qt's text engine knows no HTML 5 sections.
_RENAMED = {
    **dict.fromkeys(("section", "article", "main", "header", "footer", "nav", "center", "figure"), "div"),
    "figcaption": "p",
}
_SPELLED = {"summary": ("<h4>", "</h4>"), "q": ("“", "”")}
_CALLOUT_CLASSES = re.compile(r"(?:^|\s)(?:callout|alert|admonition|note|tip|warning|box)(?:$|\s|-)", re.IGNORECASE)
_ALARMING = re.compile(
    r"\Acallout\Z|(?:^|[\s-])(?:alert|warning|danger|error|caution|important)(?:$|[\s-])", re.IGNORECASE
)
_CALM = re.compile(r"(?:^|[\s-])(?:info|success|note|tip|hint)(?:$|[\s-])", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight)-([\w+#.-]+)")
_COLOURS = {"k", "s", "n", "c"}
_MEDIA = {"iframe", "video", "audio", "embed", "object"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ALIGNED = re.compile(r"text-align\s*:\s*(left|right|center)\b", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")

Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an address leads: an attachment's path, ``lesson:UID``, a web address, or nowhere (None) and why."""

    address: str | None
    is_asset: bool = False
    remark: Remark | None = None


Resolve = Callable[[str, bool], Target]
"""An address as written, and whether it is a picture's, to where it leads."""


class Shaper(HTMLParser):
    """Feed it well-formed HTML, then read ``html``, ``addresses``, ``places``, ``assets`` and ``remarks``."""

    def __init__(self, resolve: Resolve, *, language: str, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: set[str] = set()
        self.places: set[str] = set()
        self.assets: dict[str, None] = {}
        self.remarks = Remarks()
        self._resolve = resolve
        self._language = language
        self._where = where
        # What links inside of the text may lead to, written yet or not.
        self._expected = Places()
        self._out: list[str] = []
        self._closers: list[tuple[str, str]] = []
        # Details whose summary has not come yet.
        self._untitled = False
        self._media_depth = 0
        self._in_pre = 0
        self._code: _Code | None = None

    @property
    def html(self) -> str:
        return "".join(self._out)

    def scan(self, html: str) -> None:
        """Note what the first pass drops in silence."""
        if _SCRIPT.search(html):
            self._remark(
                RemarkCode.SCRIPT_DROPPED, sentence("A script was left out; its text, if any, may be incomplete.")
            )

    def expect(self, places: Places) -> None:
        """Know the places of the whole text before it is read."""
        self._expected = places

    def without_markup(self, html: str) -> str:
        """What is nested without measure keeps its words alone."""
        self._remark(RemarkCode.CUT_SHORT, sentence("The text is nested too deeply and was taken without its markup."))
        return escape(_ANY_TAG.sub(" ", html), quote=False)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        self._note_hidden(given)
        place = self._new_place(tag, given)
        if self._code is not None:
            self._code.has_tags = True
        if self._media_depth or tag in _MEDIA:
            self._out.append(_stake(place) if place else "")
            self._media(tag, given)
            return
        if tag != "summary":
            self._title_details()
        opened, closed = self._rewritten(tag, given)
        if place:
            opened, closed = _placed(tag, opened, closed, place)
        self._out.append(opened)
        if tag not in VOID:
            self._closers.append((tag, closed))

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._media_depth:
            self._media_depth -= tag in _MEDIA
            return
        if self._closers and self._closers[-1][0] == tag:
            closed = self._closers.pop()[1]
            if tag == "details":
                self._title_details()
            if tag == "code":
                self._finish_code()
            self._in_pre -= tag == "pre"
            self._out.append(closed)

    def handle_data(self, data: str) -> None:
        if self._media_depth:
            return
        # Reading the text again would turn them into line breaks.
        data = data.replace("\r", "")
        if data.strip():
            self._title_details()
        if self._out and self._out[-1].startswith("<pre"):
            # Browsers drop a line break that opens a listing, each time anew.
            data = data.lstrip("\n")
        if self._code is not None:
            self._code.text.append(data)
        self._out.append(escape(data, quote=False))

    def _rewritten(self, tag: str, given: dict[str, str]) -> tuple[str, str]:
        """The tag to write in place of this one, and what closes it."""
        if tag in {"details", "aside"} or (tag == "div" and _CALLOUT_CLASSES.search(given.get("class", ""))):
            self._untitled = tag == "details"
            return f'<div class="{_callout(given.get("class", ""))}">', "</div>"
        if tag == "summary":
            self._untitled = False
        if tag == "a":
            return self._link(given)
        if tag in {"input", "img"}:
            return (_box(given) if tag == "input" else self._picture(given)), ""
        return _SPELLED.get(tag) or self._plain_tag(tag, given)

    def _plain_tag(self, tag: str, given: dict[str, str]) -> tuple[str, str]:
        self._in_pre += tag == "pre"
        if tag == "code" and self._in_pre and (found := _LANGUAGE.search(given.get("class", ""))):
            self._code = _Code(found[1], len(self._out) + 1, [])
        if tag == "span" and given.get("class") not in _COLOURS and "dir" not in given:
            return "", ""
        name = _RENAMED.get(tag, tag)
        kept = _without(given, "style", "hidden", "id", "name")
        if tag in {"td", "th"} and (found := _ALIGNED.search(given.get("style", ""))):
            kept["align"] = found[1].lower()
        return _tag(name, kept), "" if tag in VOID else f"</{name}>"

    def _title_details(self) -> None:
        if self._untitled:
            self._untitled = False
            self._out.append(f"<h4>{escape(word('details', self._language))}</h4>")

    def _finish_code(self) -> None:
        code, self._code = self._code, None
        if code is not None and not code.has_tags:
            self._out[code.start :] = [highlighted("".join(code.text), code.language)]

    def _picture(self, given: dict[str, str]) -> str:
        source = given.get("src", "")
        if (not source or is_data(source)) and given.get("data-src"):
            # A program would have put the true one there when it is scrolled to.
            source = given["data-src"]
        target = self._target(source, is_picture=True)
        words = given.get("alt", "").strip()
        if target.address is None and not words and is_data(source):
            return ""
        if target.address is None:
            return f"<em>[{escape(words or word('missing', self._language), quote=False)}]</em>"
        if not target.is_asset:
            words = words or word("picture", self._language)
            return f"{_tag('a', {'href': target.address})}{escape(words, quote=False)}</a>"
        return _tag("img", {**_without(given, "style", "class", "hidden", "id", "data-src"), "src": target.address})

    def _link(self, given: dict[str, str]) -> tuple[str, str]:
        target = self._target(given["href"], is_picture=False) if given.get("href") else Target(None)
        if target.address is None:
            return "", ""
        title = {"title": given["title"]} if given.get("title") else {}
        return _tag("a", {"href": target.address, **title}), "</a>"

    def _media(self, tag: str, given: dict[str, str]) -> None:
        """A moving or embedded thing becomes its address; what is inside it is for programs that can't show it."""
        address = given.get("src") or given.get("data") or given.get("data-src") or ""
        if address:
            self._title_details()
            self._out.append(self._placeholder(address, given.get("title", "")))
        if tag in _MEDIA and tag not in VOID:
            self._media_depth += 1

    def _placeholder(self, address: str, title: str) -> str:
        target = self._target(address, is_picture=False)
        if target.address is None:
            return ""
        if target.is_asset:
            name = escape(title or target.address.rsplit("/", 1)[-1], quote=False)
            return f"<p>{_tag('a', {'href': target.address})}{name}</a></p>"
        self._remark(
            RemarkCode.ONLINE_ONLY,
            sentence("Shown as an address, as it needs a connection: {address}", address=target.address[:200]),
        )
        words = escape(word("online", self._language), quote=False)
        name = escape(title or target.address, quote=False)
        return f'<p class="online">{words} {_tag("a", {"href": target.address})}{name}</a></p>'

    def _new_place(self, tag: str, given: dict[str, str]) -> str | None:
        """The place that begins here; of two with one name it is the first."""
        name = given.get("id") or (given.get("name") if tag == "a" else None)
        place = place_of(name) if name else None
        if place is None or place in self.places:
            return None
        self.places.add(place)
        return place

    def _inside(self, address: str) -> Target:
        """Where a link leads that stays in the text."""
        place = self._expected.find(address[1:])
        if place is None and place_of(address[1:]) == TOP:
            place = TOP
        if place is None and address != "#":
            words = sentence("The link leads to no place in the lesson: {address}", address=address[:200])
            return Target(None, remark=Remark(RemarkCode.MISSING_PLACE, self._where, words))
        return Target(place and f"#{place}")

    def _target(self, address: str, *, is_picture: bool) -> Target:
        address = re.sub(r"[\x00-\x1f\x7f]", "", address).strip()
        is_inside = address.startswith("#") and not is_picture
        target = self._inside(address) if is_inside else self._resolve(address, is_picture)
        if target.remark is not None:
            self.remarks.add(target.remark)
        if target.address is not None:
            self.addresses.add(target.address)
            if target.is_asset:
                self.assets[target.address] = None
        return target

    def _note_hidden(self, given: dict[str, str]) -> None:
        if "hidden" in given or _HIDDEN.search(given.get("style", "")):
            self._remark(RemarkCode.HIDDEN_SHOWN, sentence("Text that a script would have opened is shown."))

    def _remark(self, code: RemarkCode, said: Sentence) -> None:
        self.remarks.note(code, self._where, said)


@dataclass(slots=True)
class _Code:
    language: str
    # Where its first piece stands in the output.
    start: int
    text: list[str]
    has_tags: bool = False


def _stake(place: str) -> str:
    return f'<span id="{place}"></span>'


def _placed(tag: str, opened: str, closed: str, place: str) -> tuple[str, str]:
    """The same with its place: on the element, around what lost its own, or before what never had one."""
    if tag in {"img", "input", "br", "q"}:
        return _stake(place) + opened, closed
    if not opened:
        return f'<span id="{place}">', "</span>"
    return f'{opened[:-1]} id="{place}">', closed


def _callout(classes: str) -> str:
    """What must not be overlooked is a plain callout; what is said beside the matter, a note."""
    return "callout" if _ALARMING.search(classes) and not _CALM.search(classes) else "callout note"


def _box(given: dict[str, str]) -> str:
    kind = given.get("type", "").lower()
    marks = {"checkbox": ("☐ ", "☑ "), "radio": ("○ ", "● ")}
    return marks[kind]["checked" in given] if kind in marks else ""


def _without(given: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in names}


def _tag(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key}="{escape(_one_line(value))}"' for key, value in attributes.items())
    return f"<{name}{written}>"


def _one_line(value: str) -> str:
    return " ".join(value.splitlines())
