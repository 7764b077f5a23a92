"""A folder of Markdown files as a course: in the order of a list or a navigation file, else of their names."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from lms_server.content.compose import SECTION_MARK, LessonSource, Outline, minutes_of, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.markdown import page_or_text, to_html, yaml_mapping
from lms_server.content.model import RemarkCode, Remarks
from lms_server.content.paths import join, natural_key, within
from lms_server.content.tree import Tree
from lms_server.sentences import sentence

NAVIGATION = ("mkdocs.yml", "mkdocs.yaml")
_LISTS = ("index.md", "README.md", "readme.md")
_LINK = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[([^\]\n]+)\]\(<?([^)>\s]+\.md)>?(?:#[^)]*)?\)", re.MULTILINE)
_NUMBER = re.compile(r"\A\d+[\s._-]+")
_CUSTOM_TAG = re.compile(r"!!python/\S+|!ENV\b|!relative\b")

Place = tuple[str, str, str | None]
"""Path, section, title if the order names one."""


def is_markdown_folder(tree: Tree) -> bool:
    """There is at least one text besides what every project has."""
    return any(_is_lesson(path) for path in tree.sizes)


def _is_lesson(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return name.endswith(".md") and not name.startswith(("license", "readme", "changelog", "contributing", "code_of"))


def outline(tree: Tree) -> Outline:
    """The folder as a course."""
    about = _navigation(tree)
    places = list(_navigated(tree, about)) or list(_listed(tree)) or list(_by_name(tree))
    remarks = Remarks()
    lessons = tuple(_lesson(tree, place, remarks) for place in dict.fromkeys(places))
    used = {lesson.path for lesson in lessons}
    for path in sorted(tree.sizes, key=natural_key):
        if _is_lesson(path) and path not in used and path not in _LISTS:
            remarks.note(RemarkCode.NOT_LISTED, path, sentence("The file is not in the list and was not imported."))
    title = str(about.get("site_name") or "") or _heading(tree) or _words(tree.name)
    return Outline(
        tree=tree,
        slug=slug_of(tree.name) or slug_of(title) or "course",
        title=title,
        summary=str(about.get("site_description") or ""),
        lessons=lessons,
        remarks=remarks.all(),
        withheld=lambda path: path.endswith((".md", ".yml", ".yaml")),
    )


def _navigation(tree: Tree) -> dict[str, Any]:
    for name in NAVIGATION:
        if name in tree:
            try:
                return yaml_mapping(_CUSTOM_TAG.sub("", tree.text(name)))
            except (ValueError, yaml.YAMLError) as error:
                raise BadCourse(Fault.BAD_METADATA, "{name} is not YAML: {error}.", name=name, error=error) from error
    return {}


def _navigated(tree: Tree, about: dict[str, Any]) -> Iterator[Place]:
    folder = str(about.get("docs_dir") or "docs").strip("/")
    entries = about.get("nav")
    if isinstance(entries, list):
        yield from _entries(tree, entries, folder, ())


def _entries(tree: Tree, entries: list[Any], folder: str, above: tuple[str, ...]) -> Iterator[Place]:
    for entry in entries:
        for title, value in entry.items() if isinstance(entry, dict) else ((None, entry),):
            if isinstance(value, list):
                yield from _entries(tree, value, folder, (*above, str(title)))
            elif isinstance(value, str) and value.endswith(".md"):
                path = within(f"{folder}/x", value)
                if path is None or path not in tree:
                    raise BadCourse(
                        Fault.MISSING_FILE, "The navigation lists {value}, which isn't there.", value=value[:100]
                    )
                yield path, SECTION_MARK.join(above), str(title) if title is not None else None


def _listed(tree: Tree) -> Iterator[Place]:
    """A list of links in the folder's first page; two at least, or it isn't meant as an order."""
    for name in _LISTS:
        text = tree.text(name) if name in tree else ""
        found = [(join(name, link[2]), link[1]) for link in _LINK.finditer(text)]
        places = [(path, title) for path, title in found if path is not None and path in tree]
        if len(places) > 1:
            yield from ((path, _section(path), title) for path, title in places)
            return


def _by_name(tree: Tree) -> Iterator[Place]:
    for path in sorted(filter(_is_lesson, tree.sizes), key=_first_page_first):
        yield path, _section(path), None


def _first_page_first(path: str) -> tuple[Any, ...]:
    folder, _, name = path.rpartition("/")
    return natural_key(folder), name != "index.md", natural_key(name)


def _section(path: str) -> str:
    folders = PurePosixPath(path).parent.parts
    return SECTION_MARK.join(map(_words, folders))


def _words(name: str) -> str:
    plain = _NUMBER.sub("", name).replace("-", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:] if plain else name


def _heading(tree: Tree) -> str | None:
    pages = (page_or_text(tree.text(name)) for name in _LISTS if name in tree)
    return next((page.heading for page in pages if page.heading), None)


def _lesson(tree: Tree, place: Place, remarks: Remarks) -> LessonSource:
    path, section, title = place
    read = page_or_text(tree.text(path))
    if read.matter.get("draft") is True:
        remarks.note(RemarkCode.UNPUBLISHED, path, sentence("The page calls itself a draft and was imported."))
    named = title or read.matter.get("title") or read.heading or _words(PurePosixPath(path).stem)
    return LessonSource(
        path=path,
        title=str(named),
        section=section,
        html=to_html(read.text),
        is_free_preview=read.matter.get("preview") is True,
        minutes=minutes_of(read.matter.get("minutes")),
    )
