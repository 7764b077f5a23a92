"""From what a format says (an outline with lessons not yet safe) to a checked course package."""

import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from lms_server.content.assets import Assets
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.links import Links
from lms_server.content.model import Asset, CoursePackage, LessonDraft, Remark, RemarkCode, Remarks
from lms_server.content.paths import link_name, within
from lms_server.content.places import Places
from lms_server.content.sanitize import places_of, sanitise
from lms_server.content.shape import Target
from lms_server.content.tree import Tree
from lms_server.content.words import direction_of
from lms_server.sentences import sentence

MAX_LESSONS = 5_000
# Characters that names have room for.
COURSE_TITLE, LESSON_TITLE, SECTION = 200, 300, 400
# Between the titles that a lesson stands below.
SECTION_MARK = " › "  # noqa: RUF001 -- the mark people know from menus
LEVELS = ("beginner", "intermediate", "advanced")
NAMESPACE = uuid.UUID("6c8f1c1e-5b0a-5d0e-9a51-3d1c0f5f2b67")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SOURCES = {".md", ".toml", ".yml", ".yaml", ".xml", ".html", ".htm", ".xhtml", ".opf", ".ncx", ".css", ".js", ".json"}
_EXPECTED = re.compile(r"(?:^|/)(?:license|licence|readme|copying|changelog|authors)[^/]*$|^mimetype$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LessonSource:
    """A lesson as its format gives it: HTML that is not yet safe, links as written in the file ``path``."""

    path: str
    title: str
    section: str
    html: str
    uid: str | None = None
    is_free_preview: bool = False
    minutes: int | None = None
    # Paths from the course's root.
    attachments: tuple[str, ...] = ()
    # The links start from the course's root, not from the lesson's own file.
    from_root: bool = False


def as_written(address: str) -> str:
    """No names of the format's own."""
    return address


def is_source(path: str) -> bool:
    """A description or a text of the course, not a file to hand out."""
    return PurePosixPath(path).suffix.lower() in _SOURCES


@dataclass(frozen=True, slots=True)
class Outline:
    """Everything that a format reader finds out."""

    tree: Tree
    slug: str
    title: str
    lessons: tuple[LessonSource, ...]
    uid: str | None = None
    summary: str = ""
    language: str = "en"
    direction: str | None = None
    level: str = "beginner"
    version: str = ""
    license: str = ""
    authors: tuple[str, ...] = ()
    cover: str | None = None
    remarks: tuple[Remark, ...] = ()
    translate: Callable[[str], str] = as_written
    withheld: Callable[[str], bool] = is_source
    # More files than the lessons' own that lead to a lesson, with the lesson's path.
    aliases: tuple[tuple[str, str], ...] = ()


Progress = Callable[[int, int], None]
"""Called with how many lessons are done and how many there are."""


def unheard(_done: int, _total: int) -> None:
    """Nobody listens."""


def compose(outline: Outline, progress: Progress = unheard) -> CoursePackage:
    """The course package, its texts sanitised and its files described."""
    _check(outline)
    course_uid = outline.uid or str(uuid.uuid5(NAMESPACE, outline.slug))
    uids = _lesson_uids(outline.lessons, course_uid)
    assets = Assets(outline.tree)
    by_path = {lesson.path: uid for lesson, uid in zip(outline.lessons, uids, strict=True)}
    by_path.update({alias: by_path[path] for alias, path in outline.aliases})
    places = _places(outline.lessons, uids)
    links = Links(outline.tree, by_path, outline.withheld, assets.kind, outline.translate, places, assets.embed)
    remarks = Remarks(outline.remarks)
    lessons = []
    for done, (source, uid) in enumerate(zip(outline.lessons, uids, strict=True)):
        progress(done, len(outline.lessons))
        lessons.append(_lesson(source, uid, links, assets, outline.language, remarks))
    progress(len(lessons), len(lessons))
    cover = _cover(outline, links, assets, remarks)
    remarks.add(*_shortened(outline))
    remarks.add(*_unused(outline, assets))
    return _package(outline, course_uid, cover, tuple(lessons), remarks.all())


def _package(
    outline: Outline, uid: str, cover: Asset | None, lessons: tuple[LessonDraft, ...], remarks: tuple[Remark, ...]
) -> CoursePackage:
    return CoursePackage(
        uid=uid,
        slug=outline.slug,
        title=_short(outline.title, COURSE_TITLE),
        summary=_short(outline.summary, 2_000),
        language=outline.language,
        direction=outline.direction or direction_of(outline.language),
        level=outline.level,
        version=_short(outline.version, 40),
        license=_short(outline.license, 100),
        authors=outline.authors,
        cover=cover,
        lessons=lessons,
        warnings=remarks,
    )


def _check(outline: Outline) -> None:
    if not _SLUG.fullmatch(outline.slug) or len(outline.slug) > 80:
        raise BadCourse(
            Fault.BAD_METADATA,
            "The slug {slug!r} must be small letters a-z, digits and single hyphens, at most 80 in all.",
            slug=outline.slug[:100],
        )
    if not _short(outline.title, COURSE_TITLE):
        raise BadCourse(Fault.BAD_METADATA, "The course has no title.")
    if not _LANGUAGE.fullmatch(outline.language) or len(outline.language) > 35:
        raise BadCourse(
            Fault.BAD_METADATA,
            "{language!r} is not a language code such as en or ar-SA.",
            language=outline.language[:50],
        )
    if not outline.lessons:
        raise BadCourse(Fault.NO_LESSONS, "The course has no lessons.")
    if len(outline.lessons) > MAX_LESSONS:
        raise BadCourse(Fault.TOO_MANY, "A course has at most {most} lessons.", most=f"{MAX_LESSONS:,}")


def _lesson_uids(lessons: Iterable[LessonSource], course_uid: str) -> tuple[str, ...]:
    """Given, or made of the course's uid and the lesson's path, so that the next import finds it again."""
    uids = tuple(lesson.uid or str(uuid.uuid5(uuid.UUID(course_uid), lesson.path)) for lesson in lessons)
    twice = [uid for uid, count in Counter(uids).items() if count > 1]
    if twice:
        raise BadCourse(
            Fault.BAD_METADATA, "Two lessons have the uid {uid} (or one file is listed twice).", uid=twice[0]
        )
    return uids


def _places(lessons: Iterable[LessonSource], uids: Iterable[str]) -> Callable[[str], Places]:
    """The places of a lesson by its uid; looked for when a link from another lesson names one."""
    texts = {uid: lesson.html for lesson, uid in zip(lessons, uids, strict=True)}
    return lru_cache(maxsize=None)(lambda uid: places_of(texts[uid]))


def _lesson(
    source: LessonSource, uid: str, links: Links, assets: Assets, language: str, remarks: Remarks
) -> LessonDraft:
    def resolve(address: str, is_picture: bool) -> Target:  # noqa: FBT001 -- the shaper's call
        target = links.resolve(address, "" if source.from_root else source.path, is_picture=is_picture)
        own = f"lesson:{uid}#"
        is_own = target.address is not None and target.address.startswith(own)
        return replace(target, address=f"#{str(target.address).removeprefix(own)}") if is_own else target

    clean = sanitise(source.html, resolve, language=language, where=source.path)
    remarks.add(*clean.remarks)
    if not clean.html.strip():
        remarks.note(RemarkCode.EMPTY_LESSON, source.path, sentence("The lesson has no text."))
    names = dict.fromkeys(clean.assets)
    names.update(dict.fromkeys(_declared(source, links, remarks)))
    return LessonDraft(
        uid=uid,
        title=_short(source.title, LESSON_TITLE) or _short(PurePosixPath(source.path).stem, LESSON_TITLE),
        section=_short(source.section, SECTION),
        is_free_preview=source.is_free_preview,
        minutes=source.minutes,
        body=clean.html.encode(),
        attachments=tuple(assets.named(name) for name in sorted(names)),
    )


def _declared(source: LessonSource, links: Links, remarks: Remarks) -> Iterable[str]:
    for path in source.attachments:
        if path not in links.tree:
            remarks.note(
                RemarkCode.MISSING_FILE,
                source.path,
                sentence("The attachment {path} is not in the course.", path=path[:200]),
            )
        elif links.kind(path).media_type:
            yield link_name(path)
        else:
            kind = links.kind(path)
            remarks.note(
                kind.trouble or RemarkCode.EMPTY_FILE,
                source.path,
                sentence("{path}: {words}.", path=path[:200], words=kind.words or ""),
            )


def _cover(outline: Outline, links: Links, assets: Assets, remarks: Remarks) -> Asset | None:
    path = within("", outline.cover) if outline.cover else None
    if path is None:
        return None
    if path not in outline.tree or not links.kind(path).can_be_shown:
        remarks.note(RemarkCode.MISSING_IMAGE, path[:200], sentence("The cover is not a picture in the course."))
        return None
    return assets.named(link_name(path))


def _unused(outline: Outline, assets: Assets) -> Iterable[Remark]:
    used = assets.used_paths() | {lesson.path for lesson in outline.lessons}
    paths = [path for path in outline.tree.sizes if path not in used]
    left = sorted(path for path in paths if not is_source(path) and not _EXPECTED.search(path))
    if left:
        names = ", ".join(left[:10]) + (", …" if len(left) > 10 else "")
        words = (
            sentence("1 file is used by no lesson and not imported: {names}", names=names)
            if len(left) == 1
            else sentence("{count} files are used by no lesson and not imported: {names}", count=len(left), names=names)
        )
        yield Remark(RemarkCode.UNUSED_FILES, "", words)


def _shortened(outline: Outline) -> Iterator[Remark]:
    """Names that didn't fit; nobody should wonder where the rest went."""
    course, lesson_word, section = sentence("course"), sentence("lesson"), sentence("section")
    named = [(course, "", outline.title, COURSE_TITLE)]
    for lesson in outline.lessons:
        named.append((lesson_word, lesson.path, lesson.title, LESSON_TITLE))
        named.append((section, lesson.path, lesson.section, SECTION))
    for what, where, name, most in named:
        if len(_short(name, most + 1)) > most:
            yield Remark(
                RemarkCode.CUT_SHORT,
                where,
                sentence("The title of the {what} has more than {most} characters.", what=what, most=most),
            )


def _short(text: str, chars: int) -> str:
    """One line in NFC, cut to fit its column."""
    line = " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", text)).split())
    return line if len(line) <= chars else f"{line[: chars - 1]}…"


def minutes_of(value: object) -> int | None:
    """A whole number of minutes, or None for what can't be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000 else None


def authors_of(names: Iterable[str]) -> tuple[str, ...]:
    """Names that can be joined by a semicolon and parted again."""
    return tuple(line for name in names if (line := _short(name.replace(";", ","), 200)))


def slug_of(text: str) -> str:
    """A slug made of what Latin letters and digits there are; may be empty."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:80].strip("-")
