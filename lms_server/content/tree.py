"""The files of a course, wherever they lie: one read-only view with limits."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from lms_server.content.errors import BadCourse, Fault
from lms_server.content.paths import clash_key, is_hidden, safe_path

MAX_FILES = 20_000
MAX_TOTAL_BYTES = 2 << 30
MAX_FILE_BYTES = 512 << 20
MAX_TEXT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """``sizes`` maps every path to its bytes; ``name`` is the folder's or archive's own, for want of a title."""

    name: str
    sizes: Mapping[str, int]
    opener: Callable[[str], BinaryIO] = field(repr=False)
    # The one folder that an archive was made of.
    top: str = ""

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def open(self, path: str) -> BinaryIO:
        if path not in self.sizes:
            raise BadCourse(Fault.MISSING_FILE, "The file {path} is named but isn't there.", path=path)
        return self.opener(path)

    def read(self, path: str) -> bytes:
        """A file that is meant to be read whole: small, or refused."""
        with self.open(path) as stream:
            data = stream.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise BadCourse(
                Fault.TOO_BIG, "{path} is longer than {most} MiB: split it.", path=path, most=MAX_TEXT_BYTES >> 20
            )
        return data

    def text(self, path: str) -> str:
        """A text file; UTF-8, or UTF-16 with its mark."""
        data = self.read(path)
        encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise BadCourse(Fault.BAD_TEXT, "{path} is not UTF-8 text: save it as UTF-8.", path=path) from error
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")

    def below(self, folder: str) -> "Tree":
        """The same files seen from one folder down."""
        prefix = f"{folder}/"
        sizes = {path.removeprefix(prefix): size for path, size in self.sizes.items() if path.startswith(prefix)}
        opener = self.opener
        return replace(self, name=folder.rsplit("/", 1)[-1], sizes=sizes, opener=lambda path: opener(prefix + path))

    def without_top_folder(self) -> "Tree":
        """Archives are often made of one folder: look into it."""
        tops = {path.partition("/")[0] for path in self.sizes}
        if len(tops) == 1 and all("/" in path for path in self.sizes):
            top = tops.pop()
            return replace(self.below(top), name=self.name, top=top)
        return self


def folder_tree(root: Path) -> Tree:
    """A folder on disk; links that lead anywhere are refused, hidden files skipped."""
    places: dict[str, Path] = {}
    # The walk ends at the first limit: somebody may name the whole disk.
    sizes = checked_sizes(_walk(root, places))
    return Tree(root.resolve().name, sizes, lambda path: places[path].open("rb"))


def _walk(root: Path, places: dict[str, Path]) -> Iterator[tuple[str, int]]:
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                place = Path(entry.path)
                path = place.relative_to(root).as_posix()
                if is_hidden(path):
                    continue
                _check_kind(path, entry.stat(follow_symlinks=False).st_mode)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(place)
                else:
                    places[safe_path(path)] = place
                    yield path, entry.stat(follow_symlinks=False).st_size


def _check_kind(path: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise BadCourse(Fault.SYMLINK, "{path} is a symbolic link: put the file itself there.", path=path)
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise BadCourse(Fault.UNSAFE_NAME, "{path} is neither a file nor a folder: remove it.", path=path)


def checked_sizes(entries: Iterator[tuple[str, int]]) -> dict[str, int]:
    """Paths and sizes after all limits on names, number and bytes."""
    sizes: dict[str, int] = {}
    seen: dict[str, str] = {}
    total = 0
    for name, size in entries:
        path = safe_path(name)
        _claim(seen, path)
        sizes[path] = size
        total += size
        _check_limits(path, size, len(sizes), total)
    _check_folders(seen)
    return sizes


def _claim(seen: dict[str, str], path: str) -> None:
    key = clash_key(path)
    if key in seen:
        raise BadCourse(
            Fault.NAME_CLASH,
            "{other} and {path} are one name on some systems: rename one of them.",
            other=seen[key],
            path=path,
        )
    seen[key] = path


def _check_limits(path: str, size: int, count: int, total: int) -> None:
    if count > MAX_FILES:
        raise BadCourse(Fault.TOO_MANY, "The course has more than {most} files.", most=f"{MAX_FILES:,}")
    if size > MAX_FILE_BYTES:
        raise BadCourse(Fault.TOO_BIG, "{path} is larger than {most} MiB.", path=path, most=MAX_FILE_BYTES >> 20)
    if total > MAX_TOTAL_BYTES:
        raise BadCourse(Fault.TOO_BIG, "The course is larger than {most} GiB.", most=MAX_TOTAL_BYTES >> 30)


def _check_folders(seen: Mapping[str, str]) -> None:
    folders: dict[str, str] = {}
    for path in seen.values():
        folder = path.rpartition("/")[0]
        while folder:
            key = clash_key(folder)
            if key in seen or folders.setdefault(key, folder) != folder:
                raise BadCourse(
                    Fault.NAME_CLASH, "{folder} clashes with another name: rename one of them.", folder=folder
                )
            folder = folder.rpartition("/")[0]
