"""Any mix of a lesson's elements is shown; nothing is lost, nothing is raised."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms_desktop.ui import theme
from lms_desktop.ui.reader.markup import BLOCKS, INLINE, VOID, read
from lms_desktop.ui.reader.page import Head
from lms_desktop.ui.reader.view import LessonView, Reading
from lms_desktop.ui.tokens import PAPER
from tests.ui.reading_shelf import png

TAGS = sorted((BLOCKS | INLINE) - VOID)
WORD = st.sampled_from(["alpha", "beta", "سطر", "x = 1;", "long" * 40])
VOIDS = st.sampled_from(["<br>", "<hr>", "<img src='a' alt='pic'>", "<img src='none'>", "<p class='online'>", "</p>"])
OPENINGS = st.sampled_from(
    [
        *(f"<{tag}>" for tag in TAGS),
        "<div class='callout'>",
        "<td colspan=3>",
        "<td rowspan=4>",
        "<ol start=5>",
        "<p dir=rtl>",
        *(f"<{tag} id=at-{number}>" for number, tag in enumerate(TAGS)),
        "<a href='#at-3'>",
        "<table dir=rtl>",
        "<a href='lesson:0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80'>",
    ]
)
CLOSINGS = st.sampled_from([f"</{tag}>" for tag in TAGS])


@pytest.fixture(scope="module")
def view(qapp):
    theme.apply(qapp, theme.Look(PAPER))
    made = LessonView(PAPER)
    made.resize(500, 300)
    made.show()
    yield made
    made.close()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(parts=st.lists(st.one_of(WORD, OPENINGS, CLOSINGS, VOIDS), max_size=40), rtl=st.booleans())
def test_anything_is_shown(view, parts, rtl):
    picture = png(300, 200)
    view.show_lesson(Reading(Head("T", "f"), "".join(parts), rtl, assets={"a": picture}.get))
    view.grab()
    shown = view.toPlainText().replace("\u2028", "\n")
    assert {place for place in read("".join(parts)).places() if view.position_of(place) is None} == set()
    for word in ("alpha", "beta", "سطر"):
        assert (word in shown) == (word in parts)
