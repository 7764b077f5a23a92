"""What ``course new`` writes can be imported as it is."""

import pytest

from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from lms_server.content.report import package_report
from lms_server.content.starter import new_course


def test_the_starter_is_a_course_without_warnings(tmp_path):
    new_course(tmp_path / "knots-and-ropes")
    course = read_course(tmp_path / "knots-and-ropes")
    report = package_report(course)
    assert (report["slug"], report["title"], report["lessons"]) == ("knots-and-ropes", "Knots and ropes", 2)
    assert report["warnings"] == []
    assert course.lessons[0].is_free_preview
    assert f"lesson:{course.lessons[1].uid}" in course.lessons[0].body.decode()


def test_titles_are_quoted(tmp_path):
    new_course(tmp_path / "x", title='A "new" course \\', language="es")
    course = read_course(tmp_path / "x")
    assert (course.title, course.language) == ('A "new" course \\', "es")


def test_nothing_is_overwritten(tmp_path):
    new_course(tmp_path / "x")
    before = (tmp_path / "x" / "course.toml").read_text()
    with pytest.raises(BadCourse):
        new_course(tmp_path / "x")
    assert (tmp_path / "x" / "course.toml").read_text() == before
    with pytest.raises(BadCourse):
        new_course(tmp_path / "دورة")
