"""A course goes out and comes in again: the same bytes, the same rows."""

import json
import zipfile

import pytest

from lms_server.actions.course_export import export_course
from lms_server.actions.course_import import import_course
from lms_server.actions.courses import remove_lesson
from lms_server.actions.refusals import Refused
from lms_server.content.read import read_course

TRICKY = """\
---
title: 'A "quoted" \\ title: with # marks'
minutes: 0
---
# Check

    indented code

```python
def f():


    return "<b>&amp;"  # src="assets/cover.png" href="x"
```

> [!NOTE]
> In a box

<details><summary>S</summary>

- [x] done

</details>

<pre>




 many breaks first</pre>

![pic](../assets/cover.png "title") [next](02-call.md) [sheet](../assets/sheet.pdf)
<https://example.org/a?b=c&d="e"> &#13; x\u00a0y

<iframe src="https://example.org/v"></iframe>

--- not front matter ---

| a | b |
|---|:-:|
| 1 | 2 |

Text[^1] [there](#check) [call](02-call.md#call).

![drawn](data:image/gif;base64,R0lGODlhCAAIAIAAAP8AAP///yH5BAAAAAAALAAAAAAIAAgAAAIHhI+py+1dAAA7)

[^1]: Note.
"""


WHOLE = [
    "rpf-rock-band/ar-SA",
    "rpf-rock-band/en",
    "comprehensive-rust",
    "studio-advanced.olx.tar.gz",
    "ally-accessibility-workshop.imscc",
]


def two_servers(make_context):
    return make_context("one"), make_context("two")


def round_trip(make_context, package, tmp_path):
    one, two = two_servers(make_context)
    import_course(one, package)
    export_course(one, package.slug, tmp_path / "first.zip")
    import_course(two, read_course(tmp_path / "first.zip"))
    export_course(two, package.slug, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    again = import_course(one, read_course(tmp_path / "first.zip"))
    assert again.plan.is_empty, again.plan
    return read_course(tmp_path / "first.zip")


def test_the_little_course(make_context, make_course, tmp_path):
    package = read_course(make_course({"lessons/01-check.md": TRICKY}))
    back = round_trip(make_context, package, tmp_path)
    assert back.lessons == package.lessons
    assert any(asset.path.startswith("embedded/") for asset in package.lessons[0].attachments)
    assert 'href="#at-fnref1"' in package.lessons[0].body.decode()
    assert (back.uid, back.title, back.authors, back.cover.sha256) == (
        package.uid,
        package.title,
        package.authors,
        package.cover.sha256,
    )
    assert {remark.code.value for remark in back.warnings} <= {"unused_files"}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_courses(make_context, read_sample, tmp_path, name):
    package = read_sample(name)
    back = round_trip(make_context, package, tmp_path)
    assert back.lessons == package.lessons
    assert {remark.code.value for remark in back.warnings} <= {"empty_lesson"}


def test_what_is_in_the_package(make_context, make_course, tmp_path):
    context = make_context("one")
    import_course(context, read_course(make_course()))
    export_course(context, "first-aid", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
        lesson = archive.read("lessons/0001-check.md").decode()
    assert names == sorted(names)
    assert manifest["files"] == [name for name in names if name != "manifest.json"]
    assert "preview: true" in lesson
    assert 'src="assets/cover.png"' in lesson


def test_removed_lessons_stay_behind(make_context, make_course, tmp_path):
    context = make_context("one")
    package = read_course(make_course())
    import_course(context, package)
    remove_lesson(context, package.lessons[0].uid)
    export_course(context, "first-aid", tmp_path / "out.zip")
    assert [lesson.title for lesson in read_course(tmp_path / "out.zip").lessons] == ["Call"]


def test_unknown_course(make_context, tmp_path):
    with pytest.raises(Refused):
        export_course(make_context("one"), "nothing", tmp_path / "out.zip")
    assert list(tmp_path.glob("*.zip")) == []
