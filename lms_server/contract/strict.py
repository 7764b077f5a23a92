"""Strict JSON (RFC 8259, with RFC 7493's care): no duplicate keys, no NUL, no huge numbers, no deep nesting."""

import json
from math import isfinite
from typing import Any, NoReturn, TypeVar

import msgspec

MAX_DEPTH = 8
MAX_STRING_BYTES = 4096
MAX_INTEGER = 2**53 - 1
# Of a request. Two mebibytes of empty lists would take forty times as much once they are read.
MAX_VALUES = 100_000
# UTF-8 takes at most four bytes a character.
_SURELY_SHORT = MAX_STRING_BYTES // 4
_BEFORE_VALUES = (b",", b"[", b"{")

T = TypeVar("T")


class BadJson(ValueError):
    """The text isn't JSON as we take it; the message says where it breaks the rules."""


def read(body: bytes, most_values: int | None = None) -> Any:
    """Any JSON value, checked thoroughly. Raises BadJson."""
    if most_values is not None and sum(map(body.count, _BEFORE_VALUES)) > most_values:
        raise BadJson(f"The JSON has more than {most_values} values.")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
        )
        check(value, has_escapes=b"\\u" in body)
    except BadJson:
        raise
    except UnicodeDecodeError as error:
        raise BadJson("The text is not UTF-8.") from error
    except RecursionError as error:
        raise BadJson(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise BadJson(f"The text is not JSON: {error}.") from error
    return value


def convert(value: Any, kind: type[T]) -> T:
    """A checked JSON value as a struct. Raises BadJson when fields are missing or of another type."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadJson(f"{error}.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadJson("An object has the same key twice.")
    return value


def _constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise BadJson("A number is larger than 2^53 - 1.")
    return int(digits)


def check(value: Any, *, has_escapes: bool) -> None:
    """Depth, numbers and texts; NUL and halves of surrogate pairs can only come from escapes. Raises BadJson."""
    level, depth = [value], 1
    while level:
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                if has_escapes or len(item) > _SURELY_SHORT:
                    _check_text(item)
            elif kind is dict:
                below += item.values()
                below += item.keys()
            elif kind is list:
                below += item
            elif kind is float and not isfinite(item):
                raise BadJson("A number is too large.")
        depth += 1
        if depth > MAX_DEPTH and any(isinstance(item, dict | list) for item in below):
            raise BadJson(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
        level = below


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadJson("A text contains the character NUL.")
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise BadJson("A text contains half of a surrogate pair.") from error
    if size > MAX_STRING_BYTES:
        raise BadJson(f"A text is longer than {MAX_STRING_BYTES} bytes.")
