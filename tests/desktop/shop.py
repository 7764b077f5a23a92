"""A course with large and small files behind a real address, and a record of what was asked and sent."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from lms_desktop.store import profile
from lms_desktop.store.owner import Owner, read_owner
from lms_desktop.store.rows import Place
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_server.actions.course_import import import_course
from lms_server.content.read import read_course

LARGE = 6
SMALL = 40
LARGE_BYTES = 1_200_000


@dataclass
class Asked:
    """One request for files: the path, where it began, and the bytes sent."""

    path: str
    start: int
    sent: int = 0

    @property
    def is_large(self) -> bool:
        return not self.path.endswith("/fetch")


@dataclass
class Shop:
    """The server at an address. ``twist`` gets each request for files and its pieces, and gives what goes out."""

    app: Callable[..., Iterable[bytes]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    twist: Callable[..., Iterable[bytes]] | None = None
    active: int = 0
    most_active: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ, start_response):
        if "/blobs/" not in environ["PATH_INFO"]:
            return self.app(environ, start_response)
        start = int(environ.get("HTTP_RANGE", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        asked = Asked(environ["PATH_INFO"], start)
        with self._lock:
            self.asked.append(asked)
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        return self._count(asked, self.app(environ, start_response))

    def _count(self, asked, pieces):
        try:
            for piece in self.twist(asked, pieces) if self.twist else pieces:
                asked.sent += len(piece)
                yield piece
        finally:
            with self._lock:
                self.active -= 1
            if hasattr(pieces, "close"):
                pieces.close()

    def forget(self):
        """What was asked until now; begins anew."""
        asked, self.asked, self.most_active = self.asked, [], 0
        return asked


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who was killed in the middle of an answer leaves a broken pipe."""


@contextmanager
def open_shop(world) -> Iterator[Shop]:
    shop = Shop(world.app)
    server = make_server("127.0.0.1", 0, shop, server_class=_Threaded, handler_class=_Quiet)
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_course(folder: Path, *, large: int = LARGE, small: int = SMALL, slug: str = "films") -> Path:
    """A film in each of the first lessons, and a small picture's worth of data in each of the others."""
    (folder / "lessons").mkdir(parents=True, exist_ok=True)
    (folder / "course.toml").write_text(f'format = 1\nslug = "{slug}"\ntitle = "{slug.title()}"\n')
    for number in range(large):
        film = folder / f"{number}.mp4"
        if not film.exists():
            film.write_bytes(os.urandom(LARGE_BYTES + number))
        (folder / "lessons" / f"{number:02}.md").write_text(f"# Film {number}\n\n[film](/{number}.mp4)\n")
    for number in range(large, large + small):
        (folder / "lessons" / f"{number:02}.md").write_text(f"# Text {number} of {slug}\n\n{'word ' * 200}\n")
    return folder


def bring_in(world, folder: Path) -> None:
    import_course(world.context, read_course(folder), publish=True)


def take_up(laptop, slug: str = "films") -> str:
    """Enroll in it; returns the course's uid."""
    laptop.sync()
    uid = laptop.store.views.course_by_slug(slug).uid
    laptop.store.enroll(uid)
    laptop.sync()
    return uid


def client_of(laptop, shop) -> Client:
    return Client(shop.url, laptop.token)


def move_to(laptop, shop) -> None:
    """The profile knows the shop's address and a token, for the program itself."""
    owner = read_owner(laptop.folder)
    place = Place(owner.place.server_id, shop.url, owner.place.name)
    profile.create(laptop.folder, Owner(place, owner.public_key, owner.learner))
    Credentials(laptop.folder).write(laptop.token)


def is_whole(blobs, sha256: str) -> bool:
    content = blobs.read(sha256)
    return content is not None and hashlib.sha256(content).hexdigest() == sha256
