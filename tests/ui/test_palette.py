"""Contrast over every pair of colours that the window puts on each other."""

from dataclasses import astuple
from pathlib import Path

import pytest

from lms_desktop.ui.tokens import LAMP, PAPER, Cloth, Tokens
from lms_desktop.ui.widgets.mark import mark_colours
from lms_server import web
from lms_server.certificates import figures
from lms_server.contract.covers import CLOTHS

STYLE = Path(web.__file__).with_name("static").joinpath("style.css").read_text("utf-8")

GROUNDS = ("background", "surface", "raised", "sunken")
SOFT = ("accent_soft", "success_soft", "attention_soft", "danger_soft")
INKS = ("text", "muted", "accent", "success", "attention", "danger")
ON_SOFT = {
    "accent_soft": ("text", "muted", "accent", "on_accent_soft"),
    "success_soft": ("text", "muted", "success"),
    "attention_soft": ("text", "muted", "attention"),
    "danger_soft": ("text", "muted", "danger"),
}
ON_ACCENT = ("accent", "accent_hover", "accent_pressed")


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_pairs(t: Tokens):
    yield from ((ink, ground) for ink in INKS for ground in GROUNDS)
    yield from ((ink, soft) for soft in SOFT for ink in ON_SOFT[soft])
    yield from (("accent_text", ground) for ground in ON_ACCENT)
    yield ("danger_text", "danger")


@pytest.mark.parametrize("t", [PAPER, LAMP], ids=lambda t: t.name)
def test_text_can_be_read_on_every_ground(t):
    weak = {
        pair: round(contrast(getattr(t, pair[0]), getattr(t, pair[1])), 2)
        for pair in text_pairs(t)
        if contrast(getattr(t, pair[0]), getattr(t, pair[1])) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("t", [PAPER, LAMP], ids=lambda t: t.name)
def test_edges_of_controls_and_the_focus_ring_can_be_seen(t):
    for edge in ("outline", "focus"):
        for ground in GROUNDS:
            assert contrast(getattr(t, edge), getattr(t, ground)) >= 3.0, (edge, ground)


@pytest.mark.parametrize("t", [PAPER, LAMP], ids=lambda t: t.name)
def test_progress_can_be_seen_on_its_track(t):
    assert contrast(t.accent, t.border) >= 4.5
    assert contrast(t.success, t.border) >= 3.0


@pytest.mark.parametrize("cloth", [*PAPER.cloths, *LAMP.cloths])
def test_marks_of_covers_can_be_seen(cloth: Cloth):
    assert contrast(cloth.mark, cloth.ground) >= 4.5


@pytest.mark.parametrize("t", [PAPER, LAMP], ids=lambda t: t.name)
def test_a_web_page_has_the_window_s_cloths(t):
    for name, cloth in zip(CLOTHS, t.cloths, strict=True):
        assert f"--{name}: {cloth.ground}; --{name}-frame: {cloth.frame}; --{name}-mark: {cloth.mark};" in STYLE


def test_a_certificate_has_the_window_s_cloths():
    assert [astuple(cloth) for cloth in figures.CLOTHS] == [astuple(cloth) for cloth in PAPER.cloths]


@pytest.mark.parametrize("kind", ["neutral", "accent", "success", "attention", "danger"])
def test_marks_can_be_read(kind):
    ground, ink = mark_colours(kind)
    assert contrast(ground, ink) >= 4.5


def test_dark_layers_get_lighter_towards_the_reader():
    layers = [luminance(getattr(LAMP, name)) for name in ("sunken", "background", "surface", "raised")]
    assert layers == sorted(layers)
