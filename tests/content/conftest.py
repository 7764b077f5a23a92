"""Courses made by tests, and the whole sample courses where they are present."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from lms_server.actions.context import ServerContext
from lms_server.content.blobs import Blobs
from lms_server.content.model import CoursePackage
from lms_server.content.read import read_course
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG
from lms_server.contract.sqlite import writing
from lms_server.database.engine import open_database
from lms_server.database.identity import Identity
from lms_server.database.upgrade import create_schema

SAMPLES = Path(__file__).parents[3] / "shared" / "courses"

NOW = 1_800_000_000_000
COURSE = """\
format = 1
slug = "first-aid"
title = "First aid"
summary = "What to do before help arrives."
authors = ["A. Author", "B. Writer; with a mark"]
license = "CC-BY-4.0"
version = "1.0"
cover = "assets/cover.png"

[[section]]
title = "Basics"
lessons = ["lessons/01-check.md", "lessons/02-call.md"]
"""
# One pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
FILES: dict[str, str | bytes] = {
    "course.toml": COURSE,
    "lessons/01-check.md": "---\npreview: true\nminutes: 3\n---\n# Check\n\n![Cover](../assets/cover.png) "
    "[next](02-call.md) [sheet](/assets/sheet.pdf)\n",
    "lessons/02-call.md": "# Call\n\nCall **112**.\n",
    "assets/cover.png": PNG,
    "assets/sheet.pdf": b"%PDF-1.4 sheet",
}


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


read_once = lru_cache(read_course)


@pytest.fixture
def make_course(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the little course, some files replaced, added or (None) left out."""

    def make(changes: dict[str, str | bytes | None] | None = None, name: str = "first-aid") -> Path:
        files = {path: data for path, data in (FILES | (changes or {})).items() if data is not None}
        return write_tree(tmp_path / name, files)

    return make


@pytest.fixture
def sample() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        if not (SAMPLES / name).exists():
            pytest.skip(f"the sample course {name} is not beside the project")
        return SAMPLES / name

    return find


@pytest.fixture
def read_sample(sample) -> Callable[[str], CoursePackage]:
    return lambda name: read_once(sample(name))


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[[str], ServerContext]]:
    """Servers, each with a database and files of its own."""
    engines = []

    def make(name: str) -> ServerContext:
        (tmp_path / name).mkdir()
        engine = open_database(f"sqlite:///{tmp_path / name / 'server.db'}")
        engines.append(engine)
        create_schema(engine)
        with writing(engine) as conn:
            anchors.create_stream(conn, CATALOG)
        return ServerContext(engine, Identity.new(), Blobs(tmp_path / name / "blobs"), "http://localhost", lambda: NOW)

    yield make
    for engine in engines:
        engine.dispose()
