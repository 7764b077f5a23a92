"""What a learner chose about the window, and where the window stood; an INI file in the profile's folder."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from lms_desktop.ui.theme import LARGEST_SCALE, SMALLEST_SCALE

LOCKS = ("0", "5", "15", "30")
SCALES = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Theme is ``system``, ``paper`` or ``lamp``; language ``system`` or a code of ``texts.LANGUAGES``."""

    theme: str = "system"
    language: str = "system"
    scale: float = 1.0
    reading_scale: float = 1.0
    has_motion: bool = True
    # Minutes without a key or a click until the window asks who is learning; 0 for never.
    lock_minutes: int = 0
    has_tray: bool = False


class PreferenceFile:
    """Reads and writes the choices; a missing or broken file means the defaults."""

    def __init__(self, path: Path) -> None:
        self._file = QSettings(str(path), QSettings.Format.IniFormat)

    def read(self) -> Preferences:
        usual = Preferences()
        return Preferences(
            theme=self._text("look/theme", usual.theme, ("system", "paper", "lamp")),
            language=self._text("look/language", usual.language),
            scale=self._share("look/scale"),
            reading_scale=self._share("look/reading_scale"),
            has_motion=self._text("look/motion", "yes") != "no",
            lock_minutes=int(self._text("shared/lock_minutes", "0", LOCKS)),
            has_tray=self._text("look/tray", "no") == "yes",
        )

    def write(self, chosen: Preferences) -> None:
        self._file.setValue("look/theme", chosen.theme)
        self._file.setValue("look/language", chosen.language)
        self._file.setValue("look/scale", f"{chosen.scale:g}")
        self._file.setValue("look/reading_scale", f"{chosen.reading_scale:g}")
        self._file.setValue("look/motion", "yes" if chosen.has_motion else "no")
        self._file.setValue("shared/lock_minutes", str(chosen.lock_minutes))
        self._file.setValue("look/tray", "yes" if chosen.has_tray else "no")
        self._file.sync()

    def window_state(self) -> QByteArray:
        found = self._file.value("window/geometry")
        return found if isinstance(found, QByteArray) else QByteArray()

    def keep_window_state(self, geometry: QByteArray) -> None:
        self._file.setValue("window/geometry", geometry)
        self._file.sync()

    def note(self, key: str, usual: str = "") -> str:
        """A small thing a page remembers, such as a reading position."""
        return self._text(f"notes/{key}", usual)

    def keep_note(self, key: str, value: str) -> None:
        self._file.setValue(f"notes/{key}", value)

    def _text(self, key: str, usual: str, allowed: tuple[str, ...] = ()) -> str:
        found = self._file.value(key, usual)
        text = found if isinstance(found, str) else usual
        return text if not allowed or text in allowed else usual

    def _share(self, key: str) -> float:
        try:
            return min(LARGEST_SCALE, max(SMALLEST_SCALE, float(self._text(key, "1"))))
        except ValueError:
            return 1.0
