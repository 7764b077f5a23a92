"""Looking around needs no server, and shows what the packages say."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageChops

import resources
from lms_desktop.settings import Home
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.sample import make_sample_profile
from lms_server.operate.sample import write_sample

PACKAGES = ("sample-course", "sample-course-ar")


def test_a_guest_reads_every_lesson_of_the_sample_without_a_server(tmp_path):
    profiles = Profiles(Home(tmp_path))
    folder = make_sample_profile(profiles, resources.path("sample"))
    assert make_sample_profile(profiles, resources.path("sample")) == folder, "twice is once"
    store = profiles.open(folder)
    assert store.learner.is_guest
    assert store.place.url == ""
    shown = store.views.catalog().courses
    assert {course.language for course in shown} == {"en", "ar"}
    for course in shown:
        assert course.is_here
        for lesson in store.views.course(course.uid).lessons:
            page = store.views.lesson(lesson.uid)
            assert page.html
            assert lesson.is_readable
            assert all(item.is_here for item in page.attachments)
    store.close()


def test_the_sample_is_what_the_packages_say(tmp_path):
    write_sample(tmp_path / "made", [resources.path(name) for name in PACKAGES])
    kept, made = (_read(place) for place in (resources.path("sample"), tmp_path / "made"))
    assert made == kept, "make it again: python -m lms_server.operate.sample resources/sample resources/sample-course…"


@pytest.mark.parametrize("name", PACKAGES)
def test_a_cover_loses_nothing_in_upright_square_and_wide_places(name):
    with Image.open(resources.path(name) / "assets" / "cover.png") as file:
        cover = file.convert("RGB")
    ground = Image.new("RGB", cover.size, cover.getpixel((0, 0)))
    drawn = ImageChops.difference(cover, ground).getbbox()
    width, height = cover.size
    for shape in (3 / 4, 1, 16 / 9):
        shown_width, shown_height = min(width, height * shape), min(height, width / shape)
        left, top = (width - shown_width) / 2, (height - shown_height) / 2
        assert drawn[0] > left
        assert drawn[1] > top
        assert drawn[2] < width - left
        assert drawn[3] < height - top
        # Large enough to be seen beside a line of text.
        assert drawn[2] - drawn[0] > shown_width / 2 or drawn[3] - drawn[1] > shown_height / 2


def _read(folder: Path):
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    return answer["changes"], sorted(file.name for file in (folder / "blobs").iterdir())
