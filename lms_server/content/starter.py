"""A course to begin with: a folder that can be imported as it is."""

import json
import uuid
from pathlib import Path

from lms_server.content.compose import slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.package import DESCRIPTION

_DESCRIPTION = """\
format = 1
uid = "{uid}"            # the course's own for ever: keep it when you change the title
slug = {slug}
title = {title}
summary = "One or two sentences about what learners will be able to do."
language = {language}
level = "beginner"      # or "intermediate", "advanced"
version = "0.1"
license = "CC-BY-4.0"
authors = []

[[section]]
title = "Getting started"
lessons = ["lessons/01-welcome.md", "lessons/02-more.md"]
"""
_WELCOME = """\
---
uid: {uid}
preview: true
minutes: 3
---
# Welcome

This lesson is a free preview: everybody can read it.

> [!NOTE]
> Boxes, tables, task lists, footnotes and `code` all work.

Go on with [the next lesson](02-more.md).
"""
_MORE = """\
---
uid: {uid}
minutes: 5
---
# One more lesson

Put pictures into `assets/` and show them with `![What it shows](../assets/picture.png)`.

- [ ] Write the lessons
- [ ] See what an import would do: `lms-server course import --dry-run FOLDER`
"""


def new_course(folder: Path, *, title: str = "", language: str = "en") -> Path:
    """Write the starter into a folder that is empty or not there yet, and return its ``course.toml``."""
    name = title or folder.resolve().name.replace("-", " ").replace("_", " ").strip().capitalize()
    slug = slug_of(name)
    if not slug:
        raise BadCourse(
            Fault.BAD_METADATA, "No slug can be made of {name!r}: name the folder in Latin letters.", name=name[:100]
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadCourse(
            Fault.NAME_CLASH, "{folder} is there already and isn't empty: choose another place.", folder=folder
        )
    (folder / "lessons").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "lessons" / "01-welcome.md").write_text(_WELCOME.format(uid=uuid.uuid4()), "utf-8")
    (folder / "lessons" / "02-more.md").write_text(_MORE.format(uid=uuid.uuid4()), "utf-8")
    about = _DESCRIPTION.format(uid=uuid.uuid4(), slug=_quoted(slug), title=_quoted(name), language=_quoted(language))
    (folder / DESCRIPTION).write_text(about, "utf-8")
    return folder / DESCRIPTION


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
