"""Courses in a zip or a tar file, read in place and never extracted by name."""

import io
import stat
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from lms_server.content.errors import BadCourse, Fault
from lms_server.content.paths import is_hidden, safe_path
from lms_server.content.tree import MAX_TOTAL_BYTES, Tree, checked_sizes

MAX_RATIO = 200
# Small files may be as empty of information as they like.
RATIO_FROM_BYTES = 1 << 20
_ENCRYPTED = 0x1


class _Bounded(io.RawIOBase):
    """A member's stream that never yields more than was declared, and says damage in our words."""

    def __init__(self, stream: IO[bytes], path: str, declared: int) -> None:
        self._stream = stream
        self._path = path
        self._left = declared

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # the ABC says Any buffer
        try:
            data = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, tarfile.TarError) as error:
            raise BadCourse(
                Fault.DAMAGED, "{file} is damaged in the archive: make it again.", file=self._path
            ) from error
        if len(data) > self._left:
            raise BadCourse(Fault.TOO_BIG, "{file} holds more than the archive declares.", file=self._path)
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Zip:
    """An open zip file; closed when the last asset that could need it is gone."""

    def __init__(self, place: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(place)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise BadCourse(Fault.DAMAGED, "{file} is not a whole zip file: make it again.", file=place.name) from error
        weakref.finalize(self, self._zip.close)
        self._members = {safe_path(info.orig_filename): info for info in self._zip.infolist() if not info.is_dir()}

    def entries(self) -> Iterator[tuple[str, int]]:
        for info in self._zip.infolist():
            _check_zip_entry(info)
            # Folders are checked by name too, but hold nothing.
            path = safe_path(info.orig_filename.removesuffix("/"))
            if not info.is_dir() and not is_hidden(path):
                yield info.orig_filename, info.file_size

    def open(self, path: str) -> BinaryIO:
        info = self._members[path]
        try:
            stream = self._zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BadCourse(
                Fault.DAMAGED, "{path} can't be read from the archive: make it again.", path=path
            ) from error
        return io.BufferedReader(_Bounded(stream, path, info.file_size))


def _check_zip_entry(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise BadCourse(Fault.ENCRYPTED, "The zip file is encrypted: make one without a password.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadCourse(
            Fault.SYMLINK, "{file} is a symbolic link: put the file itself there.", file=ascii(info.orig_filename)
        )
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise BadCourse(Fault.TOO_BIG, "{file} unpacks to far more than it holds.", file=ascii(info.orig_filename))


def zip_tree(place: Path) -> Tree:
    """The files of a zip; with one top folder or without."""
    archive = _Zip(place)
    return Tree(_stem(place), checked_sizes(archive.entries()), archive.open).without_top_folder()


class _Tar:
    """A tar file; a compressed one is unpacked to one unnamed temporary file, so that files open in any order."""

    def __init__(self, place: Path) -> None:
        self._plain = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 -- closed by the finalizer
        try:
            _unpack(place, self._plain)
            self._tar = tarfile.TarFile(fileobj=self._plain)
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            self._plain.close()
            raise BadCourse(Fault.DAMAGED, "{file} is not a whole tar file: make it again.", file=place.name) from error
        except BadCourse:
            self._plain.close()
            raise
        weakref.finalize(self, _close_both, self._tar, self._plain)
        self._members: dict[str, tarfile.TarInfo] = {}

    def entries(self) -> Iterator[tuple[str, int]]:
        for info in self._tar:
            name = info.name.removeprefix("./")
            if name in {"", "."} or is_hidden(safe_path(name)) or info.isdir():
                continue
            if not info.isreg():
                raise BadCourse(
                    Fault.SYMLINK, "{name} is a link or a device: put the file itself there.", name=ascii(name)
                )
            self._members[safe_path(name)] = info
            yield name, info.size

    def open(self, path: str) -> BinaryIO:
        stream = self._tar.extractfile(self._members[path])
        if stream is None:  # pragma: no cover -- only regular files are listed
            raise BadCourse(Fault.DAMAGED, "{path} can't be read from the archive: make it again.", path=path)
        return io.BufferedReader(_Bounded(stream, path, self._members[path].size))


def _close_both(tar: tarfile.TarFile, plain: BinaryIO) -> None:
    tar.close()
    plain.close()


def _unpack(place: Path, target: BinaryIO) -> None:
    opener = zlib.decompressobj(wbits=47) if _is_gzip(place) else None
    total = 0
    with place.open("rb") as source:
        while chunk := source.read(1 << 16):
            for plain in _inflate(opener, chunk) if opener else (chunk,):
                total += len(plain)
                if total > MAX_TOTAL_BYTES:
                    raise BadCourse(Fault.TOO_BIG, "The course is larger than {most} GiB.", most=MAX_TOTAL_BYTES >> 30)
                target.write(plain)
    if opener is not None and not opener.eof:
        raise BadCourse(Fault.DAMAGED, "{file} ends too early: make it again.", file=place.name)
    target.seek(0)


def _inflate(opener: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk:
        yield opener.decompress(chunk, 1 << 20)
        chunk = opener.unconsumed_tail


def _is_gzip(place: Path) -> bool:
    with place.open("rb") as source:
        return source.read(2) == b"\x1f\x8b"


def tar_tree(place: Path) -> Tree:
    """The files of a tar or tar.gz; with one top folder or without."""
    archive = _Tar(place)
    return Tree(_stem(place), checked_sizes(archive.entries()), archive.open).without_top_folder()


def _stem(place: Path) -> str:
    return place.name.split(".", 1)[0]
