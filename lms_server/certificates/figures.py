"""Drawn parts as PDF path operators, y upwards: the QR code, the place's mark, the check, and cloths for covers."""

from dataclasses import dataclass

import segno

from lms_server.contract import covers

# The largest code whose modules are at least 0.5 mm at 88 points.
_LARGEST_VERSION = 11
# Scanners read every mask; choosing the best costs five times as much as the whole page.
_MASK = 2


@dataclass(frozen=True)
class Cloth:
    """Colours of a book: its ground, the frame on it and the mark in the frame."""

    ground: str
    frame: str
    mark: str


# In the order of ``covers.CLOTHS``.
CLOTHS = (
    Cloth("#F0DACB", "#DDB195", "#8A4526"),
    Cloth("#E4E7CA", "#C0C791", "#56601F"),
    Cloth("#EBDCE3", "#CBA8BA", "#73395A"),
    Cloth("#F4E5C2", "#DFC27B", "#76540C"),
    Cloth("#DDE2E9", "#AEB9C7", "#3D5068"),
    Cloth("#CFE3E4", "#9CC6CB", "#0F5C70"),
)

# On a grid of 24, lines 1.75 wide: three books, and a ring with a check.
BOOKS = (
    "1 1 1 RG 1.4 w 1 J 1 j 4 4.5 m 20 4.5 l S 5 4.5 m 5 16 l 9 16 l 9 4.5 l S 9 4.5 m 9 19 l 13 19 l 13 4.5 l S "
    "13 16.5 m 16 17 l 18.8 4.5 l S"
)
CHECK = (
    "1.5 w 1 J 1 j 21 12 m 21 16.97 16.97 21 12 21 c 7.03 21 3 16.97 3 12 c 3 7.03 7.03 3 12 3 c "
    "16.97 3 21 7.03 21 12 c h S 8 12 m 11 9 l 16.2 15 l S"
)


def cloth_of(course_uid: str) -> Cloth:
    """The course's cloth: always the same one for a course."""
    return CLOTHS[covers.cloth_of(course_uid)]


def qr_code(text: str) -> tuple[str, int]:
    """A QR code as one filled path, and how many modules it is wide without its quiet zone."""
    level = "m" if len(text) <= 251 else "l"
    code = segno.make_qr(text, error=level, boost_error=False, mask=_MASK)
    version = int(code.version)
    if version > _LARGEST_VERSION:
        raise ValueError(f"the address {text} is too long for a code that can be scanned")
    rows = [bytes(row) for row in code.matrix]
    rectangles = [
        f"{start} {len(rows) - 1 - y} {end - start} 1 re" for y, row in enumerate(rows) for start, end in _dark(row)
    ]
    return " ".join([*rectangles, "f"]), len(rows)


def _dark(row: bytes) -> list[tuple[int, int]]:
    found = []
    start = row.find(1)
    while start >= 0:
        end = row.find(0, start)
        end = len(row) if end < 0 else end
        found.append((start, end))
        start = row.find(1, end)
    return found
