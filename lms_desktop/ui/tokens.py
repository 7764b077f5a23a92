"""The colours of both themes; nothing else in the window names a colour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloth:
    """The binding of a course's cover."""

    ground: str
    frame: str
    mark: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme."""

    name: str
    is_dark: bool
    background: str
    surface: str
    raised: str
    sunken: str
    text: str
    muted: str
    border: str
    outline: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_text: str
    accent_soft: str
    on_accent_soft: str
    success: str
    success_soft: str
    attention: str
    attention_soft: str
    danger: str
    danger_soft: str
    danger_text: str
    focus: str
    cloths: tuple[Cloth, ...]


PAPER = Tokens(
    name="paper",
    is_dark=False,
    background="#F5F1E9",
    surface="#FFFDF9",
    raised="#FFFFFF",
    sunken="#EBE5D9",
    text="#26231E",
    muted="#5F5A50",
    border="#D8D0C1",
    outline="#857D6D",
    accent="#0F5C70",
    accent_hover="#0B4C5D",
    accent_pressed="#083D4B",
    accent_text="#FFFFFF",
    accent_soft="#DCEBEC",
    on_accent_soft="#0B4C5D",
    success="#386618",
    success_soft="#E3EED6",
    attention="#855000",
    attention_soft="#FBECCB",
    danger="#A12D26",
    danger_soft="#F9E3DF",
    danger_text="#FFFFFF",
    focus="#0F5C70",
    cloths=(
        Cloth("#F0DACB", "#DDB195", "#8A4526"),  # clay
        Cloth("#E4E7CA", "#C0C791", "#56601F"),  # olive
        Cloth("#EBDCE3", "#CBA8BA", "#73395A"),  # plum
        Cloth("#F4E5C2", "#DFC27B", "#76540C"),  # ochre
        Cloth("#DDE2E9", "#AEB9C7", "#3D5068"),  # slate
        Cloth("#CFE3E4", "#9CC6CB", "#0F5C70"),  # petrol
    ),
)

LAMP = Tokens(
    name="lamp",
    is_dark=True,
    background="#1A1917",
    surface="#232220",
    raised="#2D2B28",
    sunken="#131211",
    text="#EDE8DF",
    muted="#B3ACA0",
    border="#403D38",
    outline="#8A8377",
    accent="#7CC4D3",
    accent_hover="#96D2DF",
    accent_pressed="#5FAEBF",
    accent_text="#0B2A32",
    accent_soft="#1F3A41",
    on_accent_soft="#A9DBE5",
    success="#A3CC7E",
    success_soft="#2A3520",
    attention="#EBB866",
    attention_soft="#3B2F1A",
    danger="#F09A8E",
    danger_soft="#43241F",
    danger_text="#3A0F0A",
    focus="#7CC4D3",
    cloths=(
        Cloth("#3B2A21", "#664736", "#E0AD90"),  # clay
        Cloth("#2E3120", "#545A33", "#C3CB8E"),  # olive
        Cloth("#36282F", "#614656", "#D3A5BC"),  # plum
        Cloth("#382F1C", "#645430", "#DFC17C"),  # ochre
        Cloth("#282D35", "#4A5666", "#AEBED2"),  # slate
        Cloth("#1F3A41", "#335E69", "#8CCBD8"),  # petrol
    ),
)
