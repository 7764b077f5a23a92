"""Whole courses that others wrote: everything that should be there is, in order, and nothing else."""

import re
import tracemalloc
from collections import Counter

import pytest

from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course


def codes(course):
    return Counter(remark.code.value for remark in course.warnings)


def body(course, title):
    return next(lesson.body.decode() for lesson in course.lessons if lesson.title == title)


@pytest.fixture
def rust(read_sample):
    return read_sample("comprehensive-rust")


def test_rock_band_in_arabic(read_sample):
    course = read_sample("rpf-rock-band/ar-SA")
    assert (course.title, course.language, course.direction) == ("فرقة الروك الموسيقية", "ar-SA", "rtl")
    assert (course.slug, course.version) == ("rpf-rock-band-ar-sa", "4.1.1")
    assert len(course.lessons) == 10
    assert [lesson.title for lesson in course.lessons][:2] == ["المقدمة", "الكائنات"]
    assert course.lessons[8].title == "انعكاس"
    types = Counter(asset.media_type for asset in course.assets.values())
    assert types["application/pdf"] == 2
    shown = {name for lesson in course.lessons for name in re.findall(r'<img src="([^"]+)"', lesson.body.decode())}
    assert len(shown) == 28
    assert course.cover.path == "images/hero-rock-band-large.png"
    assert not {"missing_image", "missing_file", "unsupported_block"} & set(codes(course))


def test_rock_band_in_english(read_sample):
    course = read_sample("rpf-rock-band/en")
    assert (course.title, course.direction, len(course.lessons)) == ("Rock band", "ltr", 8)
    shown = {name for lesson in course.lessons for name in re.findall(r'<img src="([^"]+)"', lesson.body.decode())}
    assert len(shown) == 27
    assert "missing_image" not in codes(course)


def test_rock_band_blocks(read_sample):
    for language in ("ar-SA", "en"):
        for lesson in read_sample(f"rpf-rock-band/{language}").lessons:
            text = lesson.body.decode()
            assert not re.search(r"--- ?/?[a-z-]+ ?---|\{:|^title:|question:", text, re.MULTILINE), lesson.title
            assert text.count("<div") == text.count("</div>")
            assert "<hr" not in text or "متطوعين" in text, "a rule before the translators' names"
    arabic = read_sample("rpf-rock-band/ar-SA")
    assert "<h4>ما الذي ستتعلمه</h4>" in arabic.lessons[0].body.decode()
    assert '<p class="online">' in arabic.lessons[0].body.decode()
    assert "○ أقل ثقة" in arabic.lessons[8].body.decode()


def test_languages_are_other_courses_with_other_pictures(read_sample):
    arabic, english = read_sample("rpf-rock-band/ar-SA"), read_sample("rpf-rock-band/en")
    assert arabic.uid != english.uid
    assert not {lesson.uid for lesson in arabic.lessons} & {lesson.uid for lesson in english.lessons}
    shared = set(arabic.assets) & set(english.assets)
    assert any(arabic.assets[path].sha256 != english.assets[path].sha256 for path in shared)


def test_a_folder_of_languages_must_name_one(sample):
    with pytest.raises(BadCourse, match=r"ar-SA.*en") as refused:
        read_course(sample("rpf-rock-band"))
    assert refused.value.fault == "ambiguous"


def test_rust_is_whole_and_in_order(rust):
    assert (rust.slug, rust.title, rust.language) == ("comprehensive-rust", "Comprehensive Rust", "en")
    assert len(rust.lessons) == 562
    assert len({lesson.uid for lesson in rust.lessons}) == 562
    titles = [lesson.title for lesson in rust.lessons]
    assert titles[:4] == [
        "Welcome to Comprehensive Rust 🦀",
        "Running the Course",
        "Course Structure",
        "Keyboard Shortcuts",
    ]
    assert (titles.count("Solution"), titles.count("Welcome")) == (20, 15)
    assert "if Expressions" in titles


def test_rust_sections_nest(rust):
    sections = [lesson.section for lesson in rust.lessons]
    parts = {section.partition(" \u203a ")[0] for section in sections if section}
    assert len(parts - {"Running the Course", "Using Cargo"}) == 17
    assert "Day 1: Morning \u203a Types and Values \u203a Exercise: Fibonacci" in sections
    assert max(section.count(" \u203a ") for section in sections) == 4 - 1


def test_rust_report(rust):
    counted = codes(rust)
    assert counted["missing_image"] == 2
    assert counted["missing_target"] == 0
    assert len({remark.where for remark in rust.warnings if remark.code == "missing_include"}) == 108, (
        "109 files, one no lesson"
    )
    assert counted["directive_dropped"] == 47


def test_rust_text(rust):
    loops = body(rust, "Loops")
    assert "SPDX" not in loops
    assert '<span class="k">while</span>' in loops
    notes = body(rust, "What is Rust?")
    assert '<div class="callout note">\n<h4>Details</h4>' in notes
    everything = b"".join(lesson.body for lesson in rust.lessons).decode()
    assert "{{" not in re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", everything, flags=re.DOTALL)
    assert everything.count("<details") == 0
    assert "\nminutes:" not in everything


def test_links_between_lessons_lead_to_lessons(rust):
    known = {lesson.uid for lesson in rust.lessons}
    linked = {uid for lesson in rust.lessons for uid in re.findall(r'href="lesson:([^"]+)"', lesson.body.decode())}
    assert len(linked) > 20
    assert linked <= known


@pytest.mark.parametrize(
    "name",
    ["rpf-rock-band/ar-SA", "comprehensive-rust", "studio-advanced.olx.tar.gz", "ally-accessibility-workshop.imscc"],
)
def test_reading_twice_is_the_same(read_sample, sample, name):
    assert read_sample(name) == read_course(sample(name))


def test_large_files_are_not_read_into_memory(make_course, tmp_path):
    path = make_course()
    with (path / "assets" / "sheet.pdf").open("wb") as sheet:
        sheet.write(b"%PDF")
        sheet.truncate(150 << 20)
    tracemalloc.start()
    read_course(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
