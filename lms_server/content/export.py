"""The native package of a course, made the same to the byte every time."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from lms_server.content.blobs import CHUNK_BYTES, Blobs
from lms_server.content.compose import slug_of

MANIFEST = "manifest.json"
_MEDIA_SUFFIX = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/bmp": ".bmp",
}
# The first moment that a zip file can tell.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


class PathClashError(Exception):
    """Two lessons name different files by one path."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture or file of a stored lesson."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredLesson:
    """A lesson as the database has it; its text is in the store of files."""

    uid: str
    title: str
    section: str
    is_free_preview: bool
    minutes: int | None
    body: str
    attachments: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class StoredCourse:
    """A course as the database has it."""

    uid: str
    slug: str
    title: str
    summary: str
    language: str
    direction: str
    level: str
    version: str
    license: str
    authors: tuple[str, ...]
    cover: str | None
    cover_type: str
    lessons: tuple[StoredLesson, ...]


def save_package(course: StoredCourse, blobs: Blobs, place: Path) -> None:
    """Write the package beside ``place``, then put it there whole."""
    temporary = place.with_name(f".{place.name}.new")
    try:
        with temporary.open("wb") as target:
            _write(course, blobs, target)
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _write(course: StoredCourse, blobs: Blobs, target: BinaryIO) -> None:
    """Write the zip. Nothing is compressed: pictures already are, and so the bytes depend on no library."""
    texts, files = _contents(course, blobs)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted({*texts, *files}):
            info = _entry(path)
            if path in texts:
                archive.writestr(info, texts[path])
                continue
            with blobs.open(files[path]) as source, archive.open(info, "w", force_zip64=False) as member:
                while chunk := source.read(CHUNK_BYTES):
                    member.write(chunk)


def _contents(course: StoredCourse, blobs: Blobs) -> tuple[dict[str, bytes], dict[str, str]]:
    """Written files by path, and stored files (their hashes) by path."""
    files = _files(course.lessons)
    cover = _cover(course, files)
    names = [_name(at, lesson) for at, lesson in enumerate(course.lessons, 1)]
    texts = {name: _lesson(lesson, blobs.read(lesson.body)) for name, lesson in zip(names, course.lessons, strict=True)}
    texts["course.toml"] = _description(course, cover, names).encode()
    if clash := set(texts) & set(files):
        raise PathClashError(min(clash))
    texts[MANIFEST] = _manifest(course, texts, files)
    return texts, files


def _name(at: int, lesson: StoredLesson) -> str:
    return f"lessons/{at:04d}-{slug_of(lesson.title)[:40].strip('-') or 'lesson'}.md"


def _entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _NO_TIME)
    info.external_attr = _REGULAR_FILE
    info.create_system = _UNIX
    return info


def _files(lessons: Sequence[StoredLesson]) -> dict[str, str]:
    files: dict[str, str] = {}
    for file in (file for lesson in lessons for file in lesson.attachments):
        if files.setdefault(file.path, file.sha256) != file.sha256:
            raise PathClashError(file.path)
    return files


def _cover(course: StoredCourse, files: dict[str, str]) -> str | None:
    """The cover's path: where a lesson has it too, or a place of its own."""
    if course.cover is None:
        return None
    paths = sorted(path for path, sha256 in files.items() if sha256 == course.cover)
    path = paths[0] if paths else f"cover-{course.cover[:12]}{_MEDIA_SUFFIX.get(course.cover_type, '')}"
    files[path] = course.cover
    return path


def _description(course: StoredCourse, cover: str | None, names: Sequence[str]) -> str:
    keys = ("uid", "slug", "title", "summary", "language", "direction", "level", "version", "license")
    lines = ["format = 1", *(f"{key} = {_quoted(getattr(course, key))}" for key in keys)]
    lines.append(f"authors = [{', '.join(map(_quoted, course.authors))}]")
    if cover is not None:
        lines.append(f"cover = {_quoted(cover)}")
    for section, group in groupby(zip(names, course.lessons, strict=True), key=lambda pair: pair[1].section):
        lines += ["", "[[section]]", f"title = {_quoted(section)}", "lessons = ["]
        lines += [f"  {_quoted(name)}," for name, _ in group]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _lesson(lesson: StoredLesson, body: bytes) -> bytes:
    """Front matter and the stored HTML as it is; its links start from the package's root."""
    lines = ["---", f"uid: {lesson.uid}", f"title: {_quoted(lesson.title)}", "html: true"]
    if lesson.is_free_preview:
        lines.append("preview: true")
    if lesson.minutes is not None:
        lines.append(f"minutes: {lesson.minutes}")
    if lesson.attachments:
        lines += ["attachments:", *(f"  - {_quoted('/' + file.path)}" for file in lesson.attachments)]
    return "\n".join([*lines, "---", ""]).encode() + body


def _manifest(course: StoredCourse, texts: Mapping[str, bytes], files: Mapping[str, str]) -> bytes:
    listed = sorted({*texts, *files})
    about = {"format": 1, "uid": course.uid, "slug": course.slug, "lessons": len(course.lessons), "files": listed}
    return (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode()


def _quoted(text: str) -> str:
    """A string that JSON, TOML and YAML read alike."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "")
