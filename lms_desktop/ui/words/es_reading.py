"""Spanish words of the catalog, course, lesson and certificate pages."""

WORDS: dict[str, str | tuple[str, ...]] = {}
