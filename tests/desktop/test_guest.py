"""A guest looks at the catalog and reads previews; the rest of a course is for who enrolled."""

import pytest

import resources
from lms_desktop.sync.client import Client
from lms_desktop.sync.downloads import Download
from lms_server.actions.course_import import import_course
from lms_server.content.read import read_course
from tests.world import URL, Laptop, World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "server")
    import_course(made.context, read_course(resources.path("sample-course")), publish=True)
    yield made
    made.close()


def open_pages(laptop):
    laptop.sync()
    [course] = laptop.store.views.catalog().courses
    Download(laptop.store, Client(URL, laptop.token, laptop.transport), course.uid).run()
    return [laptop.store.views.lesson(row.uid) for row in laptop.store.views.course(course.uid).lessons]


def test_a_guest_gets_the_previews_and_nothing_else(tmp_path, world):
    laptop = Laptop(world, None, tmp_path / "laptop" / "guest")
    pages = open_pages(laptop)
    previews = [page for page in pages if page.lesson.is_free_preview]
    assert previews
    assert all(page.html and page.lesson.is_readable for page in previews)
    others = [page for page in pages if not page.lesson.is_free_preview]
    assert others
    assert not any(page.html or page.lesson.is_readable for page in others)
    laptop.close()


def test_an_enrolled_learner_gets_every_lesson(tmp_path, world):
    laptop = Laptop(world, world.learner(), tmp_path / "laptop" / "ana")
    laptop.sync()
    [course] = laptop.store.views.catalog().courses
    laptop.store.enroll(course.uid)
    assert all(page.html for page in open_pages(laptop))
    assert laptop.store.views.catalog().courses[0].is_here
    laptop.close()
