"""EPUB books: the spine is the order, the navigation gives titles and sections."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import PurePosixPath

from lms_server.content import xml
from lms_server.content.compose import SECTION_MARK, LessonSource, Outline, authors_of, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.model import RemarkCode, Remarks
from lms_server.content.paths import join
from lms_server.content.tree import Tree
from lms_server.content.xml import Element
from lms_server.sentences import sentence

CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Scrambled fonts hide no text.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = {"application/xhtml+xml", "text/html"}
# What the book is made of, and no file to hand out.
_WITHHELD = {".xhtml", ".html", ".htm", ".opf", ".ncx", ".css", ".js", ".xml", ".ttf", ".otf", ".woff", ".woff2"}
_VOID = "br|hr|img|input|source|embed|link|meta|col|area"
_SELF_CLOSED = re.compile(rf"<(?!(?:{_VOID})\b)([A-Za-z][\w:-]{{0,30}})((?:\s[^<>]*)?)/>")
# Where a page says its title, if it does.
_HEAD_CHARS = 20_000
_TITLE = re.compile(r"<(h[1-3]|title)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_BODY = re.compile(r"<body\b[^<>]*?\sid\s*=\s*[\"']([^\"'<>]+)[\"'][^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the book, by the package document."""

    path: str
    media_type: str
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Label:
    """What the navigation calls a file, below which titles."""

    title: str
    above: tuple[str, ...]


def is_epub(tree: Tree) -> bool:
    """A container is there."""
    return CONTAINER in tree


def outline(tree: Tree) -> Outline:
    """The book as a course."""
    _refuse_locked(tree)
    path = _package_path(tree)
    package = xml.parse(tree, path)
    entries = dict(_entries(package, path))
    metadata = xml.first(package, "metadata")
    labels = _labels(tree, package, entries)
    remarks = Remarks()
    title = _meta(metadata, "title") or tree.name
    lessons = tuple(_lessons(tree, package, entries, labels, remarks))
    return Outline(
        tree=tree,
        slug=slug_of(title) or slug_of(tree.name) or "book",
        title=title,
        summary=_TAG.sub(" ", _meta(metadata, "description")),
        language=_meta(metadata, "language") or "en",
        license=_meta(metadata, "rights"),
        authors=authors_of(xml.text_of(creator) for creator in xml.children(metadata, "creator")),
        cover=_cover(metadata, entries),
        lessons=lessons,
        remarks=remarks.all(),
        withheld=lambda file: PurePosixPath(file).suffix.lower() in _WITHHELD or file.startswith("META-INF/"),
    )


def _refuse_locked(tree: Tree) -> None:
    if _ENCRYPTION not in tree:
        return
    methods = (element for element in xml.parse(tree, _ENCRYPTION).iter() if xml.local(element) == "EncryptionMethod")
    if any(element.get("Algorithm") not in _FONT_SCRAMBLING for element in methods):
        raise BadCourse(Fault.ENCRYPTED, "The book is locked (DRM): get a copy without a lock.")


def _package_path(tree: Tree) -> str:
    root = xml.first(xml.parse(tree, CONTAINER), "rootfiles", "rootfile")
    path = join("", root.get("full-path", "")) if root is not None else None
    if path is None or path not in tree:
        raise BadCourse(Fault.MISSING_FILE, "{file} names no package document that is there.", file=CONTAINER)
    return path


def _entries(package: Element, base: str) -> Iterator[tuple[str, Entry]]:
    for item in xml.children(xml.first(package, "manifest"), "item"):
        path = join(base, item.get("href", ""))
        if path is not None:
            properties = frozenset(item.get("properties", "").split())
            yield item.get("id", ""), Entry(path, item.get("media-type", ""), properties)


def _meta(metadata: Element | None, name: str) -> str:
    return xml.text_of(xml.first(metadata, name))


def _cover(metadata: Element | None, entries: Mapping[str, Entry]) -> str | None:
    for entry in entries.values():
        if "cover-image" in entry.properties:
            return entry.path
    named = {meta.get("name"): meta.get("content") for meta in xml.children(metadata, "meta")}
    found = entries.get(named.get("cover") or "")
    return found.path if found is not None else None


def _lessons(
    tree: Tree, package: Element, entries: Mapping[str, Entry], labels: Mapping[str, Label], remarks: Remarks
) -> Iterator[LessonSource]:
    seen: set[str] = set()
    for reference in xml.children(xml.first(package, "spine"), "itemref"):
        entry = entries.get(reference.get("idref", ""))
        if entry is None or entry.path not in tree:
            words = sentence("The spine names {name}, which isn't there.", name=reference.get("idref"))
            remarks.note(RemarkCode.MISSING_TARGET, "", words)
        elif entry.media_type in _PAGES and entry.path not in seen and not _is_aside(reference, entry):
            seen.add(entry.path)
            yield _lesson(tree, entry, labels.get(entry.path))


def _is_aside(reference: Element, entry: Entry) -> bool:
    return reference.get("linear") == "no" or "nav" in entry.properties


def _lesson(tree: Tree, entry: Entry, label: Label | None) -> LessonSource:
    html = _SELF_CLOSED.sub(r"<\1\2></\1>", tree.text(entry.path))
    # Links lead to whole chapters by their body's id, and a lesson has no body.
    html = _BODY.sub(r'\g<0><span id="\1"></span>', html, count=1)
    found = _TITLE.search(html[:_HEAD_CHARS])
    title = label.title if label is not None else " ".join(_TAG.sub(" ", found[2]).split()) if found else ""
    above = label.above if label is not None else ()
    return LessonSource(entry.path, title or PurePosixPath(entry.path).stem, SECTION_MARK.join(above), html)


def _labels(tree: Tree, package: Element, entries: Mapping[str, Entry]) -> dict[str, Label]:
    """By file; the first label of a file is the chapter's, later ones name places inside it."""
    labels: dict[str, Label] = {}
    for path, label in _named(tree, package, entries):
        labels.setdefault(path, label)
    return labels


def _named(tree: Tree, package: Element, entries: Mapping[str, Entry]) -> Iterator[tuple[str, Label]]:
    for entry in entries.values():
        if "nav" in entry.properties and entry.path in tree:
            yield from _in_nav(tree, entry.path)
    spine = xml.first(package, "spine")
    ncx = entries.get(spine.get("toc", "") if spine is not None else "")
    if ncx is not None and ncx.path in tree:
        yield from _points(xml.first(xml.parse(tree, ncx.path), "navMap"), ncx.path, ())


def _points(element: Element | None, base: str, above: tuple[str, ...]) -> Iterator[tuple[str, Label]]:
    for point in xml.children(element, "navPoint"):
        title = xml.text_of(xml.first(point, "navLabel"))
        content = xml.first(point, "content")
        path = join(base, content.get("src", "")) if content is not None else None
        inside = xml.children(point, "navPoint")
        if path is not None:
            yield path, Label(title, (*above, title) if inside else above)
        yield from _points(point, base, (*above, title))


def _in_nav(tree: Tree, path: str) -> Iterator[tuple[str, Label]]:
    reader = _NavReader()
    reader.feed(_SELF_CLOSED.sub(r"<\1\2></\1>", tree.text(path)))
    reader.close()
    for href, label in reader.found:
        target = join(path, href)
        if target is not None:
            yield target, label


class _NavReader(HTMLParser):
    """Nested lists of links; a heading without a link is a section."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, Label]] = []
        self._in_toc = False
        self._above: list[str] = []
        self._text = ""
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "nav":
            self._in_toc = (given.get("epub:type") or "toc") == "toc"
        elif tag == "ol":
            self._above.append(" ".join(self._text.split()))
        elif tag in {"a", "span", "li"}:
            self._text = ""
            self._href = given.get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav":
            self._in_toc = False
        elif tag == "ol" and self._above:
            self._above.pop()
        elif tag == "a" and self._in_toc and self._href:
            above = tuple(title for title in self._above[1:] if title)
            self.found.append((self._href, Label(" ".join(self._text.split()), above)))

    def handle_data(self, data: str) -> None:
        self._text += data
