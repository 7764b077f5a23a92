"""Where in a document the places are that links lead to."""

from collections.abc import Iterable


class Places:
    """Filled while a lesson is written: a place waits for the next paragraph, and its own words make it exact."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._exact: set[str] = set()
        self._waiting: list[str] = []

    def expect(self, names: Iterable[str]) -> None:
        """Name places that begin with the next paragraph."""
        self._waiting += (name for name in names if name and name not in self._at)

    def settle(self, position: int) -> None:
        """Tell where a paragraph begins."""
        if self._waiting:
            self._at.update(dict.fromkeys(self._waiting, position))
            self._waiting.clear()

    def put(self, name: str, position: int) -> None:
        """Tell exactly where a place is; the first word of it counts."""
        if name and name not in self._exact:
            self._exact.add(name)
            self._at[name] = position

    def at(self, name: str) -> int | None:
        """Tell the position in the document of a place."""
        return self._at.get(name)

    def clear(self) -> None:
        self._at.clear()
        self._exact.clear()
        self._waiting.clear()
