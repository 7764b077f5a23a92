"""Sentences for people: English with named places for what differs, so that a page can say them in its own language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """``english`` is also the key in the pages' dictionaries; a value may be a sentence itself."""

    english: str
    values: tuple[tuple[str, "str | Sentence"], ...] = ()

    def __str__(self) -> str:
        if not self.values:
            return self.english
        return self.english.format_map({name: str(value) for name, value in self.values})


def sentence(english: str, **values: object) -> Sentence:
    """A sentence with its places filled."""
    kept = ((name, value if isinstance(value, Sentence) else str(value)) for name, value in values.items())
    return Sentence(english, tuple(kept))
