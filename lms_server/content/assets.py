"""The pictures and files of a course being read: looked at once, described, opened only when asked."""

import hashlib
import io
from typing import BinaryIO

from lms_server.content.blobs import CHUNK_BYTES
from lms_server.content.embedded import MAX_TOTAL_BYTES, Picture, unpack
from lms_server.content.kinds import HEAD_BYTES, Kind, is_svg, kind_of
from lms_server.content.model import Asset
from lms_server.content.paths import link_name
from lms_server.content.tree import MAX_TEXT_BYTES, Tree
from lms_server.sentences import sentence


class Assets:
    """Remembers what it has seen, as many lessons use one picture."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kinds: dict[str, Kind] = {}
        self._assets: dict[str, Asset] = {}
        self._embedded_bytes = 0
        self._paths = {link_name(path): path for path in tree.sizes}

    def kind(self, path: str) -> Kind:
        """The kind of a file of the tree."""
        if path not in self._kinds:
            self._kinds[path] = self._look(path)
        return self._kinds[path]

    def named(self, name: str) -> Asset:
        """The asset under the name that lessons use for it."""
        if name not in self._assets:
            self._assets[name] = self._describe(name, self._paths[name])
        return self._assets[name]

    def used_paths(self) -> set[str]:
        """Paths in the tree of all assets asked for."""
        return {self._paths[name] for name in self._assets if name in self._paths}

    def embed(self, address: str) -> Picture:
        """Keep the picture in a ``data:`` address among the course's files."""
        picture = unpack(address)
        if not picture.data or picture.is_spacer or picture.path in self._assets:
            return picture
        if self._embedded_bytes + len(picture.data) > MAX_TOTAL_BYTES:
            return Picture(
                words=sentence("the texts hold more than {most} MiB of pictures", most=MAX_TOTAL_BYTES >> 20)
            )
        self._embedded_bytes += len(picture.data)
        self._assets[picture.path] = _held(picture)
        return picture

    def _look(self, path: str) -> Kind:
        size = self._tree.sizes[path]
        with self._tree.open(path) as stream:
            head = stream.read(HEAD_BYTES)
            rest = stream.read(MAX_TEXT_BYTES) if is_svg(head) else b""
        return kind_of(path, size, head, head + rest)

    def _describe(self, name: str, path: str) -> Asset:
        tree = self._tree

        def reopen() -> BinaryIO:
            return tree.open(path)

        sha256, size = _digest(tree.open(path))
        return Asset(name, self.kind(path).media_type, size, sha256, reopen)


def _held(picture: Picture) -> Asset:
    data = picture.data
    sha256 = hashlib.sha256(data).hexdigest()
    return Asset(picture.path, picture.media_type, len(data), sha256, lambda: io.BytesIO(data))


def _digest(stream: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
