# ruff: noqa: E501 -- markup as it comes
"""IMS Common Cartridge, by a whole Canvas export and by small traps."""

import re
from collections import Counter

import pytest

from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from tests.content.conftest import PNG, write_tree

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1" xmlns:l="http://ltsc.ieee.org/xsd/LOM">
<metadata><schema>IMS Common Cartridge</schema><l:lom><l:general><l:title><l:string>Small</l:string></l:title></l:general></l:lom></metadata>
<organizations><organization><item identifier="root">
<item identifier="m1"><title>One</title>
<item identifier="a" identifierref="ra"><title>Page</title></item>
<item identifier="b" identifierref="ra"><title>Page again</title></item>
<item identifier="c" identifierref="rc"><title>Tool</title></item>
<item identifier="d" identifierref="rd"><title>Quiz</title></item>
<item identifier="e" identifierref="re"><title>File</title></item>
</item></item></organization></organizations>
<resources>
<resource identifier="ra" type="webcontent" href="wiki_content/page.html"><file href="wiki_content/page.html"/></resource>
<resource identifier="rc" type="imsbasiclti_xmlv1p0"><file href="lti.xml"/></resource>
<resource identifier="rd" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment"><file href="quiz.xml"/></resource>
<resource identifier="re" type="webcontent" href="web_resources/a (1).png"><file href="web_resources/a (1).png"/></resource>
</resources></manifest>
"""
FILES: dict[str, str | bytes] = {
    "imsmanifest.xml": MANIFEST,
    "wiki_content/page.html": "<html><head><title>No</title></head><body><p>Text"
    "<img src='%24IMS-CC-FILEBASE%24/a%20(1).png?canvas_download=1' alt='A'>"
    "<a href='$WIKI_REFERENCE$/pages/page'>self</a></p></body></html>",
    "lti.xml": '<cartridge_basiclti_link xmlns:b="x"><b:launch_url>https://tool.example/x</b:launch_url></cartridge_basiclti_link>',
    "quiz.xml": "<questestinterop><assessment/></questestinterop>",
    "web_resources/a (1).png": PNG,
}


def read(tmp_path, changes=None):
    return read_course(write_tree(tmp_path / "cc", FILES | (changes or {})))


def test_the_whole_workshop(read_sample):
    course = read_sample("ally-accessibility-workshop.imscc")
    assert (course.title, course.license, course.slug) == (
        "Ally: Accessibility Workshop",
        "CC-BY-SA-4.0",
        "ally-accessibility-workshop",
    )
    assert [lesson.title for lesson in course.lessons] == [
        "Accessibility FAQ",
        "What is ALLY?",
        "Alt Text: Writing Alternative Text",
        "Caption Hub",
        "Accessibility in your life",
        'Share your "Before" Courses',
        "Your courses, Accessible",
        "Call it out to your Students",
        "Badge: ALLY Badge",
        "Accessibility Resources",
    ]
    assert list(dict.fromkeys(lesson.section for lesson in course.lessons)) == [
        "Part 1: Overview: Accessibility and ALLY",
        'Part 2: "Before" courses',
        'Part 3: "After" courses',
        "More on Accessibility",
    ]
    codes = Counter(remark.code.value for remark in course.warnings)
    assert sum(remark.where == "imsmanifest.xml" and remark.code == "missing_file" for remark in course.warnings) == 4
    assert (codes["unpublished"], codes["not_listed"], codes["missing_target"], codes["remote_image"]) == (2, 4, 1, 1)
    text = b"".join(lesson.body for lesson in course.lessons).decode()
    assert not re.search(r"IMS-CC-FILEBASE|REFERENCE\$|style=|<title", text)
    assert "web_resources/about_ally.png" in course.assets
    assert course.cover.path == "web_resources/course_image/Ally Logo Image Card.png"


def test_items(tmp_path):
    course = read(tmp_path)
    page, again, tool, quiz, file = course.lessons
    assert {lesson.section for lesson in course.lessons} == {"One"}
    assert (
        page.body
        == b'<p>Text<img src="web_resources/a (1).png" alt="A"><a href="lesson:%s">self</a></p>\n' % page.uid.encode()
    )
    assert again.uid != page.uid
    assert again.body.startswith(b"<p>Text<img")
    assert b'<a href="https://tool.example/x">Tool</a>' in tool.body
    assert b"Left out: Quiz" in quiz.body
    assert [asset.path for asset in file.attachments] == ["web_resources/a (1).png"]


QUIZ = """\
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a" title="Quiz"><section ident="s">
<item ident="1" title="Sums"><presentation><material><mattext texttype="text/html">&lt;p&gt;What is &lt;b&gt;2 + 2&lt;/b&gt;?
&lt;script&gt;x&lt;/script&gt;&lt;/p&gt;</mattext></material><response_lid ident="r" rcardinality="Single"><render_choice>
<response_label ident="1"><material><mattext>3 &lt; x</mattext></material></response_label>
<response_label ident="2"><material><mattext texttype="text/html">&lt;p&gt;4&lt;/p&gt;</mattext></material></response_label>
</render_choice></response_lid></presentation><resprocessing><respcondition><conditionvar><varequal respident="r">2</varequal>
</conditionvar></respcondition></resprocessing></item>
<item ident="2"><presentation><flow><material><mattext>Which?</mattext></material><response_lid ident="r" rcardinality="Multiple">
<render_choice><response_label ident="1"><material><mattext>Both</mattext></material></response_label></render_choice>
</response_lid><response_str ident="s"><render_fib/></response_str></flow></presentation></item>
</section></assessment></questestinterop>"""


def test_a_quiz_is_read(tmp_path):
    course = read(tmp_path, {"quiz.xml": QUIZ})
    text = course.lessons[3].body.decode()
    assert text == (
        '<div class="callout note"><h4>Sums</h4><p>What is <b>2 + 2</b>?\n</p>'
        "<ul><li>○ 3 &lt; x</li><li>○ 4</li></ul></div>\n"
        '<div class="callout note"><h4>Question</h4><p>Which?</p><ul><li>☐ Both</li></ul><p>________</p></div>\n'
    )
    assert ("unsupported_block", "'Quiz' is there to be read; no answer is marked.") in [
        (remark.code, remark.text) for remark in course.warnings
    ]


@pytest.mark.parametrize("version", ["imscc", "imsccv1p1", "imsccv1p2", "imsccv1p3"])
def test_every_version(tmp_path, version):
    assert len(read(tmp_path, {"imsmanifest.xml": MANIFEST.replace("imsccv1p1/", f"{version}/")}).lessons) == 5


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("imsmanifest.xml", MANIFEST.replace("</manifest>", "")),
        ("imsmanifest.xml", MANIFEST.replace("<manifest", '<!DOCTYPE m [<!ENTITY a "b">]><manifest', 1)),
        (
            "lti.xml",
            '<!DOCTYPE x SYSTEM "file:///etc/passwd" [<!ENTITY y SYSTEM "file:///etc/passwd">]><topic>&y;</topic>',
        ),
        ("lti.xml", "<a>" * 5_000 + "</a>" * 5_000),
    ],
)
def test_xml_that_is_refused(tmp_path, path, text):
    with pytest.raises(BadCourse) as refused:
        read(tmp_path, {path: text})
    assert refused.value.fault == "bad_metadata"


def test_a_resource_outside_is_refused(tmp_path):
    with pytest.raises(BadCourse) as refused:
        read(
            tmp_path, {"imsmanifest.xml": MANIFEST.replace('<file href="lti.xml"/>', '<file href="../../etc/passwd"/>')}
        )
    assert refused.value.fault == "unsafe_name"


def test_scorm_is_refused(tmp_path):
    manifest = "<manifest><metadata><schema>ADL SCORM</schema></metadata></manifest>"
    with pytest.raises(BadCourse, match="SCORM"):
        read_course(write_tree(tmp_path / "scorm", {"imsmanifest.xml": manifest}))
