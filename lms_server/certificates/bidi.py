"""Order the letters of one line for the eye: Unicode's bidirectional algorithm (UAX #9) without embeddings.

Names and titles are one line and carry no embedding controls (signing takes them out), so the rules for
weak and neutral characters, brackets and levels are all that is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from unicodedata import bidirectional, normalize

_CLOSING = dict(zip("([{⟨「『【《〈\uff08", ")]}⟩」』】》〉\uff09", strict=True))
_STRONG = ("L", "R")
_NEUTRAL = ("B", "S", "WS", "ON")
_INVISIBLE = ("BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@dataclass(frozen=True)
class Run:
    """Letters of one direction, in reading order."""

    text: str
    rtl: bool


def visual_runs(text: str, *, rtl: bool) -> list[Run]:
    """The runs of this line from left to right, for a paragraph of the given direction."""
    levels = embedding_levels(text, 1 if rtl else 0)
    runs = [list(group) for _, group in groupby(range(len(text)), key=levels.__getitem__)]
    for level in range(max(levels, default=0), 0, -1):
        runs = _reversed_stretches(runs, levels, level)
    return [Run("".join(text[index] for index in run), levels[run[0]] % 2 == 1) for run in runs]


def is_rtl(text: str, *, otherwise: bool) -> bool:
    """The direction that the first strong letter gives."""
    for char in text:
        kind = bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return otherwise


def embedding_levels(text: str, base: int) -> list[int]:
    """The level of each character: even reads left to right, odd right to left."""
    seen = [index for index, char in enumerate(text) if bidirectional(char) not in _INVISIBLE]
    chars = [text[index] for index in seen]
    start = "R" if base else "L"
    kinds = _weak([bidirectional(char) or "L" for char in chars], start)
    _brackets(chars, kinds, start)
    _neutrals(kinds, start)
    visible = dict(zip(seen, (_level(kind, base) for kind in kinds), strict=True))
    levels: list[int] = []
    for index in range(len(text)):
        levels.append(visible.get(index, levels[-1] if levels else base))
    for index in range(len(text) - 1, -1, -1):
        if bidirectional(text[index]) not in ("B", "S", "WS", *_INVISIBLE):
            break
        levels[index] = base
    return levels


def _level(kind: str, base: int) -> int:
    if kind == "L":
        return base + base % 2
    if kind == "R":
        return base + 1 - base % 2
    return base + 2 - base % 2


def _weak(kinds: list[str], start: str) -> list[str]:
    """W1 to W7: marks follow their letter, numbers and what belongs to them follow the text around."""
    strong = before = start
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = before
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"
        before = kinds[index]
        strong = before if before in ("L", "R", "AL") else strong
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    _separators(kinds)
    _terminators(kinds)
    strong = start
    for index, kind in enumerate(kinds):
        strong = kind if kind in _STRONG else strong
        if kind in ("ES", "ET", "CS"):
            kinds[index] = "ON"
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"
    return kinds


def _separators(kinds: list[str]) -> None:
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        joins = (kind == "CS" and before in ("EN", "AN")) or (kind == "ES" and before == "EN")
        if joins and before == after:
            kinds[index] = before


def _terminators(kinds: list[str]) -> None:
    for first, last in _stretches(kinds, ("ET",)):
        if (first and kinds[first - 1] == "EN") or (last < len(kinds) and kinds[last] == "EN"):
            kinds[first:last] = ["EN"] * (last - first)


def _brackets(chars: Sequence[str], kinds: list[str], start: str) -> None:
    """N0: both brackets of a pair take one direction, from what they hold and what stands before."""
    for opened, closed in _pairs(chars, kinds):
        inside = {_direction(kind) for kind in kinds[opened + 1 : closed]} - {""}
        if not inside:
            continue
        direction = start
        if start not in inside:
            before = next((_direction(kind) for kind in reversed(kinds[:opened]) if _direction(kind)), start)
            direction = before if before in inside else start
        for end in (opened, closed):
            kinds[end] = direction
            _marks_follow(chars, kinds, end)


def _marks_follow(chars: Sequence[str], kinds: list[str], bracket: int) -> None:
    for index in range(bracket + 1, len(chars)):
        if bidirectional(chars[index]) != "NSM":
            break
        kinds[index] = kinds[bracket]


def _pairs(chars: Sequence[str], kinds: Sequence[str]) -> list[tuple[int, int]]:
    waiting: list[tuple[str, int]] = []
    pairs = []
    for index, raw in enumerate(chars):
        char = normalize("NFC", raw)
        if kinds[index] != "ON":
            continue
        if char in _CLOSING:
            waiting.append((_CLOSING[char], index))
        match = next((at for at in range(len(waiting) - 1, -1, -1) if waiting[at][0] == char), None)
        if match is not None:
            pairs.append((waiting[match][1], index))
            del waiting[match:]
    return sorted(pairs)


def _neutrals(kinds: list[str], start: str) -> None:
    """N1 and N2: what stands between two of one direction joins them, else the paragraph's."""
    for first, last in _stretches(kinds, _NEUTRAL):
        before = _direction(kinds[first - 1]) if first else start
        after = _direction(kinds[last]) if last < len(kinds) else start
        kinds[first:last] = [before if before == after else start] * (last - first)


def _direction(kind: str) -> str:
    return "R" if kind in ("EN", "AN") else kind if kind in _STRONG else ""


def _stretches(kinds: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for belongs, group in groupby(range(len(kinds)), key=lambda index: kinds[index] in wanted):
        indices = list(group)
        if belongs:
            found.append((indices[0], indices[-1] + 1))
    return found


def _reversed_stretches(runs: list[list[int]], levels: Sequence[int], level: int) -> list[list[int]]:
    ordered: list[list[int]] = []
    for high, group in groupby(runs, key=lambda run: levels[run[0]] >= level):
        stretch = list(group)
        ordered += reversed(stretch) if high else stretch
    return ordered
