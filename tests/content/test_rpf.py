"""Raspberry Pi projects, by small traps."""

import zipfile

import pytest

from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from tests.content.conftest import PNG, write_tree

META = """\
---
title: 'Loud & clear'
description: Make noise
hero_image: images/hero.png
version: 4
last_tested: 2018-10-12
steps:
- title: Start
- title: 'Go: on'
"""
STEP = """\
--- no-print ---

Press the [flag](https://x.example/f){:target="_blank"} and `say`{:class="block3looks"}.

--- /no-print ---

## Inner heading

--- task ---

Do this:

```blocks3
--- task ---
when flag clicked
```

![A drum](images/drum.png)

--- collapse ---
---
title: More <b>of</b> it
---

+ Hidden words

--- /collapse ---

--- /task ---

--- task --- In one line! --- /task ---

--- quiz ---
---
question: Why?
---

- ( ) No
- (x) Yes

--- /quiz ---

---

--- odd ---
"""
FILES: dict[str, str | bytes] = {
    "meta.yml": META,
    "step_1.md": STEP,
    "step_2.md": "Two, then [one](step_1.md).\n",
    "step_10.md": "## What next\n\nTen.\n",
    "images/drum.png": PNG,
    "images/hero.png": PNG,
    "images/unused.gif": b"GIF89a\1\0\1\0",
    "resources/sheet.pdf": b"%PDF",
}


def project(tmp_path, *languages):
    files = {f"{language}/{path}": data for language in languages for path, data in FILES.items()}
    return write_tree(tmp_path / "noise", files)


def test_order_titles_and_files(tmp_path):
    course = read_course(project(tmp_path, "ar-SA") / "ar-SA")
    assert (course.slug, course.title, course.version) == ("noise-ar-sa", "Loud & clear", "4")
    assert (course.language, course.direction) == ("ar-SA", "rtl")
    assert [lesson.title for lesson in course.lessons] == ["Start", "Go: on", "What next"]
    assert [asset.path for asset in course.lessons[0].attachments] == ["images/drum.png", "resources/sheet.pdf"]
    assert course.cover.path == "images/hero.png"
    assert f"lesson:{course.lessons[0].uid}" in course.lessons[1].body.decode()


def test_blocks(tmp_path):
    course = read_course(project(tmp_path, "en") / "en")
    text = course.lessons[0].body.decode()
    assert "{:" not in text
    assert text.count("<div") == text.count("</div>") == 4
    assert "<h4>More &lt;b&gt;of&lt;/b&gt; it</h4>" in text
    assert "Hidden words" in text
    assert '<div class="callout note">\n<p>In one line!</p>\n</div>' in text.replace("<p> In", "<p>In").replace(
        "! </p>", "!</p>"
    )
    assert "--- task ---\nwhen flag clicked" in text, "code is left alone"
    assert "<p>Why?</p>" in text
    assert "○ No" in text
    assert "○ Yes" in text, "which one is right isn't given away"
    assert text.count("<hr>") == 1
    assert "title:" not in text
    assert {remark.code.value for remark in course.warnings} == {"unused_files", "unsupported_block"}


def test_one_language_needs_no_name_and_two_do(tmp_path):
    assert read_course(project(tmp_path / "one", "en")).slug == "noise-en"
    with pytest.raises(BadCourse, match=r"ar-SA.*en") as refused:
        read_course(project(tmp_path / "two", "en", "ar-SA"))
    assert refused.value.fault == "ambiguous"


def test_the_same_project_in_two_languages_is_two_courses(tmp_path):
    folder = project(tmp_path, "en", "ar-SA")
    english, arabic = read_course(folder / "en"), read_course(folder / "ar-SA")
    assert english.uid != arabic.uid
    assert not {lesson.uid for lesson in english.lessons} & {lesson.uid for lesson in arabic.lessons}
    assert (english.direction, arabic.direction) == ("ltr", "rtl")


@pytest.mark.parametrize(
    ("archive", "top"), [("noise.zip", "ar-SA/"), ("ar-SA.zip", ""), ("noise.zip", "noise/ar-SA/")]
)
def test_an_archive_tells_its_language(tmp_path, archive, top):
    with zipfile.ZipFile(tmp_path / archive, "w") as package:
        for path, data in FILES.items():
            package.writestr(top + path, data)
    course = read_course(tmp_path / archive)
    assert (course.language, course.direction) == ("ar-SA", "rtl")
