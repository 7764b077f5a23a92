"""Looking around needs no server, and shows what the packages say."""

import json
from pathlib import Path

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


def _read(folder: Path):
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    return answer["changes"], sorted(file.name for file in (folder / "blobs").iterdir())
