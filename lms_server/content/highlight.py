"""Code coloured by four class names; which colours they are is the theme's business."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Number, String, _TokenType, is_token_subtype
from pygments.util import ClassNotFound

# Longer listings stay plain: a lexer's worst case must not hold up an import.
MAX_CHARS = 40_000

_CLASSES = ((Keyword, "k"), (String, "s"), (Number, "n"), (Comment, "c"), (Literal, "n"))


def highlighted(code: str, language: str) -> str:
    """The code as HTML, its keywords, strings, numbers and comments in ``<span class="k|s|n|c">``."""
    lexer = _lexer(language) if len(code) <= MAX_CHARS else None
    if lexer is None:
        return escape(code, quote=False)
    return "".join(_spans(lexer, code))


def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _spans(lexer: Lexer, code: str) -> Iterator[str]:
    for name, tokens in groupby(lexer.get_tokens(code), key=lambda token: _class_of(token[0])):
        text = escape("".join(value for _, value in tokens), quote=False)
        yield f'<span class="{name}">{text}</span>' if name else text


def _class_of(kind: _TokenType) -> str:
    return next((name for parent, name in _CLASSES if is_token_subtype(kind, parent)), "")
