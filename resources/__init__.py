"""Icons, fonts, theme, translations and the sample course: files that ship with both programs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """Where the resource called `name` (such as ``fonts/NotoSans-Regular.ttf``) is on this disk."""
    return ROOT / name
