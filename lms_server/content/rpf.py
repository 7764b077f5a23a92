"""Raspberry Pi Foundation projects: ``meta.yml``, ``step_N.md``, a folder a language."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import PurePosixPath
from typing import Any

from lms_server.content.compose import LessonSource, Outline, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.markdown import page, to_html, yaml_mapping
from lms_server.content.model import RemarkCode, Remarks
from lms_server.content.paths import natural_key
from lms_server.content.tree import Tree
from lms_server.content.words import word
from lms_server.sentences import sentence

META = "meta.yml"

# Three letters alone are more often a word than a language.
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z0-9]{2,8})?|[a-z]{3}-[A-Za-z0-9]{2,8}")
_STEP = re.compile(r"step_\d+\.md")
_MARK = re.compile(r"^[ \t]*---[ \t]+(/?)([a-z][a-z-]*)[ \t]+---[ \t]*$")
_INLINE_MARK = re.compile(r"(---[ \t]+/?(?:task|hints?|collapse|challenge|no-print|print-only)[ \t]+---)")
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)")
_KRAMDOWN = re.compile(r"(?<=[)`\]*_])\{:[^}\n]*\}|^[ \t]*\{:[^}\n]*\}[ \t]*$", re.MULTILINE)
_CHOICE = re.compile(r"^([ \t]*[-*+][ \t]+)\([ x]\)[ \t]+", re.MULTILINE)
_TITLED = {"task": "", "challenge": "challenge", "quiz": "quiz", "question": "quiz", "hint": "hint"}
# Their content is for everybody who reads here: a page is neither printed nor running Scratch.
_BARE = {"no-print", "print-only", "hints", "choices", "code", "feedback", "save", "new-page"}


def languages(tree: Tree) -> tuple[str, ...]:
    """Folders that hold the project in a language."""
    folders = {path.partition("/")[0] for path in tree.sizes if path.endswith(f"/{META}") and path.count("/") == 1}
    return tuple(sorted(folder for folder in folders if _LANGUAGE.fullmatch(folder)))


def outline(tree: Tree, parent: str) -> Outline:
    """The project in the language that the folder is named after."""
    about = _meta(tree)
    language = next((name for name in (tree.top, tree.name) if _LANGUAGE.fullmatch(name)), "en")
    remarks = Remarks()
    title = str(about.get("title") or parent)
    steps = sorted((path for path in tree.sizes if _STEP.fullmatch(path)), key=natural_key)
    titles = _titles(about)
    lessons = tuple(_lesson(tree, path, titles.get(at), language, remarks) for at, path in enumerate(steps))
    if len(titles) > len(steps):
        remarks.note(RemarkCode.MISSING_TARGET, META, sentence("More steps are listed than there are files."))
    files = tuple(sorted(path for path in tree.sizes if path.startswith("resources/")))
    return Outline(
        tree=tree,
        slug=_slug(parent, language) or slug_of(title),
        title=title,
        summary=str(about.get("description") or ""),
        language=language,
        version=str(about.get("version") or ""),
        cover=str(about["hero_image"]) if about.get("hero_image") else None,
        lessons=_with_files(lessons, files),
        remarks=remarks.all(),
    )


def _slug(parent: str, language: str) -> str:
    return f"{slug_of(parent)[:60].strip('-')}-{language.lower()}" if slug_of(parent) else ""


def _with_files(lessons: tuple[LessonSource, ...], files: tuple[str, ...]) -> tuple[LessonSource, ...]:
    """The project's printed pages go with its first step."""
    if not lessons:
        return ()
    return replace(lessons[0], attachments=files), *lessons[1:]


def _meta(tree: Tree) -> dict[str, Any]:
    text = tree.text(META).strip().removeprefix("---").removesuffix("---")
    try:
        return yaml_mapping(text)
    except ValueError as error:
        raise BadCourse(Fault.BAD_METADATA, "{file} is not YAML: {error}.", file=META, error=error) from error


def _titles(about: dict[str, Any]) -> dict[int, str]:
    steps = about.get("steps")
    if not isinstance(steps, list):
        return {}
    return {at: str(step["title"]) for at, step in enumerate(steps) if isinstance(step, dict) and step.get("title")}


def _lesson(tree: Tree, path: str, title: str | None, language: str, remarks: Remarks) -> LessonSource:
    text = tree.text(path)
    blocks = "\n".join(_blocks(list(_parted(text.split("\n"))), path, language, remarks))
    heading = page(text).heading if not text.startswith("---\n") else None
    return LessonSource(
        path=path,
        title=title or heading or PurePosixPath(path).stem,
        section="",
        html=to_html(_CHOICE.sub(r"\1○ ", _KRAMDOWN.sub("", blocks)), language),
    )


def _parted(lines: list[str]) -> Iterator[str]:
    """Marks that translators left inside a line get lines of their own."""
    for line in lines:
        yield from (
            (piece for piece in _INLINE_MARK.split(line) if piece.strip()) if _INLINE_MARK.search(line) else (line,)
        )


def _blocks(lines: list[str], path: str, language: str, remarks: Remarks) -> Iterator[str]:
    """``--- task ---`` and its kin become boxes; a second ``---`` block right after says the box's title."""
    fence = ""
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        fence = _fence_after(fence, line)
        found = None if fence else _MARK.match(line)
        if found is None:
            yield line
            continue
        matter, at = _matter(lines, at) if not found[1] else ({}, at)
        yield from _box(found[2], is_end=bool(found[1]), matter=matter, language=language)
        if found[2] not in _TITLED and found[2] not in _BARE and found[2] != "collapse":
            remarks.note(
                RemarkCode.UNSUPPORTED_BLOCK, path, sentence("The block {name} is shown as plain text.", name=found[2])
            )


def _fence_after(fence: str, line: str) -> str:
    """The code fence that is open after this line."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and line.strip() == found[1] else fence


def _matter(lines: list[str], at: int) -> tuple[dict[str, Any], int]:
    """The YAML block that begins on the next line that isn't blank, and where the text goes on."""
    start = at
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or lines[start].strip() != "---":
        return {}, at
    end = next((n for n in range(start + 1, len(lines)) if lines[n].strip() == "---"), None)
    if end is None:
        return {}, at
    try:
        return yaml_mapping("\n".join(lines[start + 1 : end])), end + 1
    except ValueError:
        return {}, at


def _box(name: str, *, is_end: bool, matter: dict[str, Any], language: str) -> Iterator[str]:
    if name not in _TITLED and name != "collapse":
        yield ""
        return
    if is_end:
        yield from ("", "</div>", "")
        return
    title = str(matter.get("title") or "") or (word(_TITLED[name], language) if _TITLED.get(name) else "")
    yield from ("", '<div class="callout note">', "")
    if title:
        yield from (f"<h4>{escape(title)}</h4>", "")
    if question := str(matter.get("question") or matter.get("legend") or ""):
        yield from (f"<p>{escape(question)}</p>", "")
