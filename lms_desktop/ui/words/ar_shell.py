"""Arabic words of the window and its own pages."""

WORDS: dict[str, str | tuple[str, ...]] = {}
