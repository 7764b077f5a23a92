"""The catalogs: English text to its translation; a tuple holds the plural forms of a text about ``{n}`` things."""

from lms_desktop.ui.words import ar_laptop, ar_reading, ar_room, ar_shell, es_laptop, es_reading, es_room, es_shell

Catalog = dict[str, str | tuple[str, ...]]

CATALOGS: dict[str, Catalog] = {
    "es": {**es_shell.WORDS, **es_reading.WORDS, **es_laptop.WORDS, **es_room.WORDS},
    "ar": {**ar_shell.WORDS, **ar_reading.WORDS, **ar_laptop.WORDS, **ar_room.WORDS},
}
