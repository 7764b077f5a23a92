"""Every text in the window's sources has its translations, with the same places and enough plural forms."""

import ast
import string
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale

from lms_desktop.ui import texts
from lms_desktop.ui.plurals import form, forms
from lms_desktop.ui.words import CATALOGS

UI = Path(__file__).parents[2] / "lms_desktop" / "ui"


def calls():
    for file in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"tr", "tr_n"}:
                yield file.relative_to(UI), node


def texts_used():
    """Text to whether it has plural forms."""
    used = {}
    for file, node in calls():
        wanted = 2 if node.func.id == "tr_n" else 1
        literals = [part.value for part in node.args[:wanted] if isinstance(part, ast.Constant)]
        assert len(literals) == wanted, f"{file}:{node.lineno} asks for a text that is not written out"
        used[literals[-1]] = wanted == 2
    return used


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["es", "ar"])
def test_every_text_is_translated_and_no_other(language):
    used, catalog = texts_used(), CATALOGS[language]
    assert sorted(set(used) - set(catalog)) == []
    assert sorted(set(catalog) - set(used)) == []


@pytest.mark.parametrize("language", ["es", "ar"])
def test_translations_keep_the_places_and_have_all_forms(language):
    for text, is_plural in texts_used().items():
        found = CATALOGS[language].get(text, text)
        if found is text:
            continue
        assert isinstance(found, tuple) == is_plural, text
        variants = found if isinstance(found, tuple) else (found,)
        assert len(variants) == (forms(language) if is_plural else 1), text
        for variant in variants:
            assert places(variant) <= places(text), variant
            # "No lessons" needs no figures; "one lesson" doesn't need its one.
            is_for_none = is_plural and len(variants) == 6 and variant is variants[0]
            assert is_for_none or places(text) - places(variant) <= {"n"}, variant


@pytest.mark.parametrize("language", ["es", "ar"])
def test_no_translation_is_left_over(language):
    assert sorted(set(CATALOGS[language]) - set(texts_used())) == []


@pytest.mark.parametrize(
    ("n", "place"), [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 4), (99, 4), (100, 5), (102, 5), (103, 3), (111, 4)]
)
def test_arabic_has_six_forms(n, place):
    assert form("ar", n) == place


@pytest.fixture
def language():
    before = QLocale()
    yield texts.use
    QLocale.setDefault(before)


def test_figures_follow_the_language(language):
    language("ar")
    assert texts.number(14) == "١٤"
    language("en")
    assert texts.number(14) == "14"
    assert texts.part_of(118_000_000, 184_000_000) == "118 of 184\u00a0MB"
    assert texts.part_of(900_000, 184_000_000) == "900\u00a0kB of 184\u00a0MB"


def test_dates_follow_the_language(language):
    language("es")
    assert texts.date(1_764_000_000_000) == "24 de noviembre de 2025"
    language("en")
    assert texts.date(1_764_000_000_000) == "24 November 2025"


def test_moments_are_told_as_people_say_them(language):
    language("en")
    now = 1_764_000_000_000
    minute = 60_000
    assert texts.ago(now - 30_000, now) == "just now"
    assert texts.ago(now - 2 * minute, now) == "2 minutes ago"
    assert texts.ago(now - 90 * minute, now) == "1 hour ago"
    assert texts.moment(now, now).startswith("Today, ")
    assert texts.day(now - 24 * 60 * minute, now) == "Yesterday"
    assert texts.day(now - 24 * 60 * minute, now, inside=True) == "yesterday"
