"""The native course package: ``course.toml``, Markdown lessons, assets."""

import tomllib
import uuid
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from lms_server.content.compose import LEVELS, LessonSource, Outline, authors_of, is_source, minutes_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.markdown import Page, page, to_html
from lms_server.content.model import Remark, RemarkCode, Remarks
from lms_server.content.paths import natural_key, within
from lms_server.content.tree import Tree
from lms_server.content.words import direction_of
from lms_server.sentences import Sentence, sentence

DESCRIPTION = "course.toml"
KEYS = {
    *("format", "uid", "slug", "title", "summary", "language", "direction", "level", "version", "license"),
    *("authors", "cover", "section"),
}
LESSON_KEYS = {"uid", "title", "minutes", "preview", "attachments", "draft", "html"}
_OURS = {DESCRIPTION, "manifest.json"}


def is_package(tree: Tree) -> bool:
    """The description is there."""
    return DESCRIPTION in tree


def outline(tree: Tree) -> Outline:
    """What ``course.toml`` and the lessons' front matter say."""
    about = _description(tree)
    listed = tuple(_listed(about, tree))
    language = _text(about, "language", "en")
    remarks = Remarks()
    for key in sorted(set(about) - KEYS):
        remarks.note(RemarkCode.UNKNOWN_KEY, DESCRIPTION, sentence("{key} means nothing here.", key=key))
    lessons = tuple(
        lesson for section, path in listed if (lesson := _lesson(tree, path, section, language, remarks)) is not None
    )
    remarks.add(*_not_listed(tree, {path for _, path in listed}))
    return Outline(
        tree=tree,
        uid=_uid(about, DESCRIPTION),
        slug=_text(about, "slug"),
        title=_text(about, "title"),
        summary=_text(about, "summary", ""),
        language=language,
        direction=_direction(about, language),
        level=_level(about),
        version=_text(about, "version", ""),
        license=_text(about, "license", ""),
        authors=authors_of(_texts(about, "authors", DESCRIPTION)),
        cover=_text(about, "cover", "") or None,
        lessons=lessons,
        remarks=remarks.all(),
        withheld=_is_withheld,
    )


def _is_withheld(path: str) -> bool:
    return path in _OURS or (is_source(path) and path.endswith(".md") and "LICENSE" not in path.upper())


def _description(tree: Tree) -> dict[str, Any]:
    try:
        about = tomllib.loads(tree.text(DESCRIPTION))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad(sentence("it is not TOML: {error}", error=error)) from error
    if about.get("format") != 1 or isinstance(about.get("format"), bool):
        raise _bad(sentence("it must say format = 1; a later format needs a newer server"))
    return about


def _bad(words: Sentence, where: str = DESCRIPTION) -> BadCourse:
    return BadCourse(Fault.BAD_METADATA, "{where}: {words}.", where=where, words=words)


def _text(about: dict[str, Any], key: str, default: str | None = None) -> str:
    value = about.get(key, default)
    if value is None:
        raise _bad(sentence("{key} is missing", key=key))
    if not isinstance(value, str):
        raise _bad(sentence("{key} must be text in quotes", key=key))
    return value


def _texts(about: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = about.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _bad(sentence("{key} must be a list of texts", key=key), where)
    return tuple(item for item in value if item.strip())


def _uid(about: dict[str, Any], where: str) -> str | None:
    value = about.get("uid")
    if value is None:
        return None
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) and len(value) == 36 else _not_uid(value, where)
    except ValueError:
        return _not_uid(value, where)


def _not_uid(value: object, where: str) -> str:
    raise _bad(sentence("uid {uid!r} is not a UUID; leave it out to have one made", uid=str(value)[:50]), where)


def _direction(about: dict[str, Any], language: str) -> str:
    value = _text(about, "direction", direction_of(language))
    if value not in {"ltr", "rtl"}:
        raise _bad(sentence('direction must be "ltr" or "rtl"'))
    return value


def _level(about: dict[str, Any]) -> str:
    value = _text(about, "level", LEVELS[0])
    if value not in LEVELS:
        raise _bad(sentence("level must be one of {levels}", levels=", ".join(LEVELS)))
    return value


def _listed(about: dict[str, Any], tree: Tree) -> Iterable[tuple[str, str]]:
    """(section, path) of every lesson in order."""
    sections = about.get("section")
    if sections is None:
        yield from (("", path) for path in sorted(filter(_is_loose_lesson, tree.sizes), key=natural_key))
        return
    if not isinstance(sections, list) or not all(isinstance(section, dict) for section in sections):
        raise _bad(sentence("sections are written [[section]]"))
    for section in sections:
        for name in _texts(section, "lessons", DESCRIPTION):
            target = within("", name)
            if target is None or target not in tree:
                raise BadCourse(
                    Fault.MISSING_FILE, "{file} lists {name}, which isn't there.", file=DESCRIPTION, name=name
                )
            yield _text(section, "title", ""), target


def _is_loose_lesson(path: str) -> bool:
    return path.startswith("lessons/") and path.count("/") == 1 and path.endswith(".md")


def _not_listed(tree: Tree, listed: set[str]) -> Iterable[Remark]:
    for path in sorted(tree.sizes, key=natural_key):
        if path.startswith("lessons/") and path.endswith(".md") and path not in listed:
            yield Remark(
                RemarkCode.NOT_LISTED, path, sentence("The file is not listed in course.toml and was not imported.")
            )


def _lesson(tree: Tree, path: str, section: str, language: str, remarks: Remarks) -> LessonSource | None:
    read = _page(tree, path)
    matter = read.matter
    for key in sorted(set(matter) - LESSON_KEYS):
        remarks.note(RemarkCode.UNKNOWN_KEY, path, sentence("{key} means nothing here.", key=key[:50]))
    if matter.get("draft") is True:
        remarks.note(RemarkCode.DRAFT_SKIPPED, path, sentence("The lesson is a draft and was not imported."))
        return None
    return LessonSource(
        path=path,
        title=_title(read, path),
        section=section,
        html=read.text if matter.get("html") is True else to_html(read.text, language),
        uid=_uid(matter, path),
        is_free_preview=matter.get("preview") is True,
        minutes=_minutes(matter, path),
        attachments=tuple(_attachments(matter, path)),
        from_root=matter.get("html") is True,
    )


def _page(tree: Tree, path: str) -> Page:
    try:
        return page(tree.text(path))
    except ValueError as error:
        raise _bad(sentence("the front matter is not YAML: {error}", error=error), path) from error


def _title(read: Page, path: str) -> str:
    value = read.matter.get("title")
    if value is not None:
        return str(value)
    return read.heading or PurePosixPath(path).stem


def _minutes(matter: dict[str, Any], path: str) -> int | None:
    value = matter.get("minutes")
    if value is None:
        return None
    minutes = minutes_of(value)
    if minutes is None:
        raise _bad(sentence("minutes must be a whole number"), path)
    return minutes


def _attachments(matter: dict[str, Any], path: str) -> Iterable[str]:
    """Written from the root, as in the format's example; a path from the lesson's own folder starts with a dot."""
    for name in _texts(matter, "attachments", path):
        target = within(path if name.startswith(".") else "", name)
        if target is None:
            raise BadCourse(
                Fault.UNSAFE_NAME,
                "{path}: the attachment {name!r} lies outside the course.",
                path=path,
                name=name[:100],
            )
        yield target
