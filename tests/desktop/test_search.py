"""Search over what is on this laptop, in the learner's own words."""

import pytest

import resources
from lms_desktop.settings import Home
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.sample import make_sample_profile
from lms_desktop.store.search import index_lessons
from lms_desktop.store.unused import remove


@pytest.fixture
def store(tmp_path):
    profiles = Profiles(Home(tmp_path))
    opened = profiles.open(make_sample_profile(profiles, resources.path("sample")))
    yield opened
    opened.close()


def titles(store, words):
    return [found.lesson_title for found in store.views.search(words)]


def test_words_are_found_in_texts_with_a_snippet_and_the_last_may_be_unfinished(store):
    [first, *_] = store.views.search("bleed")
    assert "bleed" in first.snippet.casefold()
    assert "\x02" in first.snippet
    assert first.course_title
    assert titles(store, "bleed") == titles(store, "BLEED")


def test_letters_with_and_without_their_marks_are_the_same_word(store):
    assert titles(store, "ماء")
    with store.writing() as conn:
        text = "SELECT id, uid, title, 'un café noir' FROM lessons LIMIT 1"
        conn.exec_driver_sql(f"INSERT OR REPLACE INTO lesson_text (rowid, lesson_uid, title, body) {text}")
    assert titles(store, "cafe") == titles(store, "café") != []


@pytest.mark.parametrize(
    "words", ['"', "a AND", "title:x OR", "NEAR(", "*", "((", "'; DROP TABLE lessons; --", "", "-"]
)
def test_nothing_typed_is_taken_for_the_indexs_own_language(store, words):
    store.views.search(words)
    assert store.views.catalog().total == 2


def test_a_language_is_the_same_in_every_country(store):
    with store.writing() as conn:
        conn.exec_driver_sql("UPDATE courses SET language = 'en-GB' WHERE language = 'en'")
    assert store.views.catalog().languages == ("ar", "en")
    assert len(store.views.catalog(language="en").courses) == 1


def test_a_lesson_that_got_a_gone_one_s_number_is_not_found_by_its_text(store):
    [found, *_] = store.views.search("bleed")
    with store.writing() as conn:
        conn.exec_driver_sql("UPDATE lessons SET uid = ? WHERE uid = ?", ("0" * 36, found.lesson_uid))
    assert found.lesson_title not in titles(store, "bleed")


def test_titles_go_before_texts(store):
    told = (("Why", "zebra and more"), ("The zebra", "why " * 3), ("How", "zebra and more"))
    with store.writing() as conn:
        for at, (title, body) in enumerate(told):
            text = f"SELECT id, uid, '{title}', '{body}' FROM lessons ORDER BY id LIMIT 1 OFFSET {at}"
            conn.exec_driver_sql(f"INSERT OR REPLACE INTO lesson_text (rowid, lesson_uid, title, body) {text}")
        second = conn.exec_driver_sql("SELECT title FROM lessons ORDER BY id LIMIT 1 OFFSET 1").scalar_one()
    found = titles(store, "zebra")
    assert (found[0], len(found)) == (second, 3)


def test_the_index_holds_each_lesson_once(store):
    before = titles(store, "th")
    for course in store.views.catalog().courses:
        with store.writing() as conn:
            index_lessons(conn, store.blobs, [lesson.uid for lesson in store.views.course(course.uid).lessons])
    assert titles(store, "th") == before
    assert len(set(before)) == len(before) > 3


def test_a_single_letter_looks_in_titles(store):
    found = titles(store, "b")
    assert found
    assert all(any(word.startswith("b") for word in title.casefold().split()) for title in found)
    assert len(titles(store, "w")) < len(titles(store, "wh"))


def test_a_course_taken_off_the_laptop_is_not_found_any_more(store):
    for course in store.views.catalog().courses:
        remove(store, course.uid)
    assert titles(store, "bleed") == []
