# ruff: noqa: E501 -- markup as it comes
"""Open edX exports, by a whole course and by small traps."""

import re
from collections import Counter

import pytest

from lms_server.content.read import read_course
from tests.content.conftest import PNG, write_tree

FILES: dict[str, str | bytes] = {
    "course.xml": '<course url_name="run" org="o" course="c"/>',
    "course/run.xml": '<course display_name="Small" language="ar"><chapter url_name="b"/><chapter url_name="a"/>'
    '<chapter url_name="s"/></course>',
    "chapter/a.xml": '<chapter display_name="A"><sequential url_name="sa"/></chapter>',
    "chapter/b.xml": '<chapter display_name="B"><sequential url_name="sb"/></chapter>',
    "chapter/s.xml": '<chapter display_name="S" visible_to_staff_only="true"><sequential url_name="sa"/></chapter>',
    "sequential/sa.xml": '<sequential display_name="SA"><vertical url_name="va"/></sequential>',
    "sequential/sb.xml": '<sequential display_name="SB"><vertical url_name="vb"/><vertical url_name="vs"/></sequential>',
    "vertical/va.xml": '<vertical display_name="Unit"><html url_name="h"/><problem url_name="p"/></vertical>',
    "vertical/vb.xml": '<vertical display_name="Unit"><video url_name="v"/><poll url_name="q" question="Why?"/></vertical>',
    "vertical/vs.xml": '<vertical display_name="Try"><split_test url_name="t"/></vertical>',
    "split_test/t.xml": '<split_test display_name="T"><vertical url_name="vs"/><vertical url_name="vb"/></split_test>',
    "html/h.xml": '<html filename="h" display_name="H"/>',
    "html/h.html": "<p>%%USER_ID%%Hi <img src='/static/Why_use_(1).png' alt='W'><a href='/jump_to_id/v'>v</a>"
    "<a href='/jump_to_id/sb'>s</a></p><div style='display:none'>Answer</div><script>x</script>",
    "problem/p.xml": '<problem display_name="P"><optionresponse><label>L &lt;b&gt;</label>'
    "<optioninput options=\"('one','two')\" correct=\"one\"/></optionresponse><stringresponse><textline/></stringresponse></problem>",
    "video/v.xml": '<video display_name="V"><source src="https://x.example/v.mp4"/><transcript src="s.srt"/></video>',
    "static/Why use (1).png": PNG,
    "static/s.srt": "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n2\n00:00:01,000 --> 00:00:02,000\nworld.\n",
    "drafts/vertical/x.xml": '<vertical display_name="Draft"/>',
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return read_course(write_tree(tmp_path_factory.mktemp("olx"), FILES))


def test_the_whole_course(read_sample):
    course = read_sample("studio-advanced.olx.tar.gz")
    assert (course.title, course.slug, course.language) == ("Studio Advanced", "studio-advanced", "en")
    assert len(course.lessons) == 155, "167 units less those of two hidden chapters"
    chapters = list(dict.fromkeys(lesson.section.partition(" \u203a ")[0] for lesson in course.lessons))
    assert len(chapters) == 7
    assert not {"Prototype for review", "Test Section (hidden)"} & set(chapters)
    assert [lesson.title for lesson in course.lessons].count("Summary") > 20
    codes = Counter(remark.code.value for remark in course.warnings)
    assert codes["hidden_skipped"] == 2
    text = b"".join(lesson.body for lesson in course.lessons).decode()
    tags = " ".join(re.findall(r"<[^>]*>", text))
    assert not re.search(r'<script|<style|<iframe|href="/|src="/|<span>', tags)
    assert text.count('href="lesson:') > 100
    assert "static/Why use CSS.png" in course.assets
    assert sum(path.endswith(".srt") for path in course.assets) == 13
    assert course.cover.path == "static/StudioAdv_Course_Image_antenna.png"


def test_order_and_sections(small):
    assert [(lesson.section, lesson.title) for lesson in small.lessons] == [
        ("B \u203a SB", "Unit"),
        ("B \u203a SB", "Try"),
        ("A \u203a SA", "Unit"),
    ]
    assert (small.title, small.language, small.direction) == ("Small", "ar", "rtl")


def test_blocks(small):
    video, experiment, page = (lesson.body.decode() for lesson in small.lessons)
    assert '<a href="https://x.example/v.mp4">V</a>' in video
    assert "<p>Hello world.</p>" in video
    assert "Why?" in video
    assert [asset.path for asset in small.lessons[0].attachments] == ["static/s.srt"]
    assert experiment
    assert 'src="static/Why use (1).png"' in page
    assert page.count(f'href="lesson:{small.lessons[0].uid}"') == 2
    assert "Answer" in page
    assert "USER_ID" not in page
    assert "○ one" in page
    assert "L &lt;b&gt;" in page
    assert "________" in page
