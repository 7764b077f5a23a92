"""IMS Common Cartridge, Canvas exports included: modules are sections, items are lessons, in the manifest's order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from urllib.parse import unquote

from lms_server.content import xml
from lms_server.content.compose import SECTION_MARK, LessonSource, Outline, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.model import Remark, RemarkCode, Remarks
from lms_server.content.paths import within
from lms_server.content.qti import questions
from lms_server.content.tree import Tree
from lms_server.content.words import word
from lms_server.content.xml import Element
from lms_server.sentences import sentence

MANIFEST = "imsmanifest.xml"
_FILES = re.compile(r"\A\$IMS[-_]CC[-_]FILEBASE\$/?", re.IGNORECASE)
_WIKI = re.compile(r"\A\$WIKI_REFERENCE\$/(?:pages|wiki)/([^/?#]+)", re.IGNORECASE)
_OTHER = re.compile(r"\A\$[A-Z_]+_REFERENCE\$", re.IGNORECASE)
_LICENCE = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")
_UNPUBLISHED = re.compile(r"<meta\s+name=\"workflow_state\"\s+content=\"unpublished\"", re.IGNORECASE)
_PAGES = {".html", ".htm", ".xhtml"}


@dataclass(frozen=True, slots=True)
class Resource:
    """An entry of the manifest's resources; ``path`` is None when it names no file."""

    identifier: str
    kind: str
    path: str | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A leaf of the organization."""

    identifier: str
    title: str
    section: str
    target: str


def is_cartridge(tree: Tree) -> bool:
    """Told apart from SCORM, which has a manifest of the same name."""
    return MANIFEST in tree and "imscc" in tree.text(MANIFEST)[:20_000].lower()


def outline(tree: Tree) -> Outline:
    """The cartridge as a course."""
    manifest = xml.parse(tree, MANIFEST)
    resources = {resource.identifier: resource for resource in _resources(manifest)}
    remarks = Remarks()
    items = list(_items(manifest))
    language = xml.text_of(_lom(manifest, "general", "language"))[:35] or "en"
    lessons = _lessons(tree, items, resources, language, remarks)
    remarks.add(*_dangling(tree, resources))
    remarks.add(*_outside(tree, {lesson.path for lesson in lessons}))
    title = xml.text_of(_lom(manifest, "general", "title")) or tree.name
    return Outline(
        tree=tree,
        slug=slug_of(title) or slug_of(tree.name) or "course",
        title=title,
        summary=xml.text_of(_lom(manifest, "general", "description")),
        language=language,
        license=_license(xml.text_of(_lom(manifest, "rights", "description"))),
        cover=_cover(tree, resources),
        lessons=lessons,
        remarks=remarks.all(),
        translate=_translate(tree),
        withheld=_is_withheld,
    )


def _is_withheld(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in {".xml", *_PAGES} or path.startswith("course_settings/")


def _lom(manifest: Element, *path: str) -> Element | None:
    return xml.first(manifest, "metadata", "lom", *path)


def _license(words: str) -> str:
    found = _LICENCE.search(words)
    return f"CC-{found[1].upper()}-{found[2]}" if found else words


def _resources(manifest: Element) -> Iterator[Resource]:
    for entry in xml.children(xml.first(manifest, "resources"), "resource"):
        files = tuple(file.get("href", "") for file in xml.children(entry, "file"))
        path = entry.get("href") or (files[0] if files else None)
        yield Resource(entry.get("identifier", ""), entry.get("type", ""), path and within("", path), files)


def _items(manifest: Element) -> Iterator[Item]:
    for organization in xml.children(xml.first(manifest, "organizations"), "organization"):
        yield from _below(organization, ())


def _below(element: Element, above: tuple[str, ...]) -> Iterator[Item]:
    for item in xml.children(element, "item"):
        title = xml.text_of(xml.first(item, "title"))
        inside = xml.children(item, "item")
        if item.get("identifierref") or not inside:
            yield Item(item.get("identifier", ""), title, SECTION_MARK.join(above), item.get("identifierref", ""))
        yield from _below(item, (*above, title) if title else above)


def _lessons(
    tree: Tree, items: list[Item], resources: Mapping[str, Resource], language: str, remarks: Remarks
) -> tuple[LessonSource, ...]:
    lessons: dict[str, LessonSource] = {}
    for item in items:
        resource = resources.get(item.target)
        path = resource.path if resource is not None else None
        # A file that stands in two places is two lessons; only the first one is found by links.
        key = path if path is not None and path in tree and path not in lessons else f"item/{item.identifier}"
        html, files = _content(tree, item, resource, language, remarks)
        title = item.title or PurePosixPath(key).stem
        lessons[key] = LessonSource(key, title, item.section, html, attachments=files)
    return tuple(lessons.values())


def _content(
    tree: Tree, item: Item, resource: Resource | None, language: str, remarks: Remarks
) -> tuple[str, tuple[str, ...]]:
    """The lesson's HTML and the files that go with it."""
    if resource is None or resource.path is None or resource.path not in tree:
        remarks.note(
            RemarkCode.MISSING_TARGET,
            MANIFEST,
            sentence("What {title!r} leads to is not in the cartridge.", title=item.title),
        )
        return _left_out(item.title, language), ()
    path = resource.path
    if PurePosixPath(path).suffix.lower() in _PAGES:
        return tree.text(path), ()
    if not path.endswith(".xml"):
        return f'<p><a href="{escape("/" + path)}">{escape(PurePosixPath(path).name)}</a></p>', (path,)
    return _from_xml(xml.parse(tree, path), item, path, language, remarks), ()


def _from_xml(root: Element, item: Item, path: str, language: str, remarks: Remarks) -> str:
    name = xml.local(root)
    if name == "topic":
        text = xml.first(root, "text")
        body = "".join(text.itertext()) if text is not None else ""
        return f'<div class="callout note"><h4>{word("discussion", language)}</h4>{body}</div>'
    if name == "webLink":
        url = xml.first(root, "url")
        return _online(url.get("href", "") if url is not None else "", item.title)
    if name == "cartridge_basiclti_link":
        found = xml.first(root, "secure_launch_url")
        return _online(xml.text_of(found if found is not None else xml.first(root, "launch_url")), item.title)
    if read := questions(root, language):
        words = sentence("{title!r} is there to be read; no answer is marked.", title=item.title)
        remarks.note(RemarkCode.UNSUPPORTED_BLOCK, path, words)
        return read
    remarks.note(
        RemarkCode.UNSUPPORTED_BLOCK,
        path,
        sentence("{title!r} ({name}) can't be done here and was left out.", title=item.title, name=name),
    )
    return _left_out(item.title, language)


def _online(address: str, title: str) -> str:
    return f'<iframe src="{escape(address)}" title="{escape(title)}"></iframe>'


def _left_out(title: str, language: str) -> str:
    return f'<p class="online">{word("left_out", language)} {escape(title)}</p>'


def _dangling(tree: Tree, resources: Mapping[str, Resource]) -> Iterator[Remark]:
    for resource in resources.values():
        for file in resource.files:
            path = within("", file)
            if path is None:
                raise BadCourse(
                    Fault.UNSAFE_NAME,
                    "{file} names {name}, outside of the cartridge.",
                    file=MANIFEST,
                    name=ascii(file[:100]),
                )
            if path not in tree:
                yield Remark(
                    RemarkCode.MISSING_FILE,
                    MANIFEST,
                    sentence("{path} is listed but is not in the cartridge.", path=path),
                )


def _outside(tree: Tree, used: set[str]) -> Iterator[Remark]:
    for path in sorted(tree.sizes):
        if path.startswith("wiki_content/") and PurePosixPath(path).suffix in _PAGES and path not in used:
            if _UNPUBLISHED.search(tree.text(path)):
                yield Remark(RemarkCode.UNPUBLISHED, path, sentence("The page is not published and was not imported."))
            else:
                yield Remark(RemarkCode.NOT_LISTED, path, sentence("The page is in no module and was not imported."))


def _cover(tree: Tree, resources: Mapping[str, Resource]) -> str | None:
    settings = "course_settings/course_settings.xml"
    if settings not in tree:
        return None
    named = xml.text_of(xml.first(xml.parse(tree, settings), "image_identifier_ref"))
    return resources[named].path if named in resources else None


def _fragment(address: str) -> str:
    _, mark, fragment = address.partition("#")
    return mark + fragment


def _translate(tree: Tree) -> "_Translate":
    return _Translate("/web_resources/" if any(path.startswith("web_resources/") for path in tree.sizes) else "/")


@dataclass(frozen=True, slots=True)
class _Translate:
    """The placeholders that exports put in place of addresses; often percent-encoded."""

    files: str

    def __call__(self, address: str) -> str:
        plain = re.sub("%24", "$", address, flags=re.IGNORECASE)
        if _FILES.match(plain):
            return _FILES.sub(lambda _: self.files, plain)
        if found := _WIKI.match(plain):
            return f"/wiki_content/{unquote(found[1])}.html{_fragment(plain)}"
        return "" if _OTHER.match(plain) else address
