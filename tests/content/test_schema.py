"""The schema and the guide say what the reader does."""

import json
import re
import tomllib
from pathlib import Path

from lms_server.content import compose, package, tree
from lms_server.content.markdown import MAX_CHARS
from lms_server.content.read import read_course
from tests.content.conftest import PNG, write_tree

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "lms_server/content/course.schema.json").read_text())
GUIDE = (ROOT / "docs/course-package.md").read_text()


def test_the_schema_knows_every_key():
    assert set(SCHEMA["properties"]) == package.KEYS
    assert tuple(SCHEMA["properties"]["level"]["enum"]) == compose.LEVELS
    assert set(SCHEMA["required"]) == {"format", "slug", "title"}


def test_the_guide_names_every_key():
    for key in package.KEYS | package.LESSON_KEYS:
        assert re.search(rf"`(?:\[\[)?{key}(?:\]\])?`", GUIDE), key


def test_the_guides_limits_hold():
    for limit in (tree.MAX_FILES, MAX_CHARS, compose.MAX_LESSONS):
        assert f"{limit:,}" in GUIDE
    assert f"{tree.MAX_FILE_BYTES >> 20} MiB a file and {tree.MAX_TOTAL_BYTES >> 30} GiB in all" in GUIDE


def test_the_guides_example_is_a_course(tmp_path):
    [about] = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    lesson = next(text for text in re.findall(r"```markdown\n(.*?)```", GUIDE, re.DOTALL) if text.startswith("---"))
    assert set(tomllib.loads(about)) <= set(SCHEMA["properties"])
    files: dict[str, str | bytes] = {
        "assets/cover.png": PNG,
        "assets/steps.png": PNG,
        "assets/checklist.pdf": b"%PDF",
        "lessons/02-call.md": "Call.",
    }
    course = read_course(write_tree(tmp_path / "x", files | {"course.toml": about, "lessons/01-check.md": lesson}))
    assert course.warnings == ()
    assert (course.lessons[0].title, course.lessons[0].is_free_preview) == ("Check the scene", True)
