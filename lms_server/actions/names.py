"""What a name, an address and a password may look like; refused with a sentence that says what would do."""

import unicodedata

from lms_server.actions.refusals import Refused
from lms_server.sentences import Sentence, sentence

LONGEST_NAME = 200
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 1024
SHORTEST_OWN_PASSWORD = 8

_NAME = sentence("name")
# Control characters, halves of surrogate pairs, line and paragraph separators.
_NOT_IN_A_LINE = {"Cc", "Cs", "Zl", "Zp"}
# They print a name in another order than it is stored; right-to-left names don't need them.
_OVERRIDES = "\u202d\u202e"


def read_name(text: str, what: Sentence = _NAME) -> str:
    """A name as it is kept, without spaces at its ends; raises Refused."""
    name = unicodedata.normalize("NFC", text).strip() if _is_line(text) else ""
    if not _is_line(text) or any(character in text for character in _OVERRIDES):
        raise Refused("bad_name", "A {what} can't contain control characters.", what=what)
    if not name or not any(_is_visible(character) for character in name):
        raise Refused("bad_name", "The {what} is empty.", what=what)
    if len(name) > LONGEST_NAME:
        raise Refused(
            "bad_name",
            "The {what} has {count} characters; at most {most} fit.",
            what=what,
            count=len(name),
            most=LONGEST_NAME,
        )
    return name


def read_email(text: str) -> str:
    """An e-mail address as it is kept; raises Refused. Only what every address has is asked for."""
    email = text.strip()
    local, at, domain = email.rpartition("@")
    if not _is_line(email) or not at or not local or not domain or any(c.isspace() or c in '<>,;"' for c in email):
        raise Refused("bad_email", "That is not an e-mail address; it should look like ana@example.org.")
    if len(email) > LONGEST_EMAIL:
        raise Refused("bad_email", "The e-mail address is longer than {most} characters.", most=LONGEST_EMAIL)
    return email


def email_key(email: str) -> str:
    """What makes two spellings one account: NFKC and casefold, computed here because databases differ."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())


def read_password(text: str, shortest: int = 1) -> str:
    """A password as it is hashed, in one Unicode form for every keyboard; raises Refused."""
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise Refused("bad_password", "The password contains half of a surrogate pair.")
    if len(text) < shortest:
        if not text:
            raise Refused("bad_password", "The password is empty.")
        raise Refused("bad_password", "The password needs at least {least} characters.", least=shortest)
    if len(text) > LONGEST_PASSWORD:
        raise Refused("bad_password", "The password is longer than {most} characters.", most=LONGEST_PASSWORD)
    return unicodedata.normalize("NFKC", text)


def _is_line(text: str) -> bool:
    return not any(unicodedata.category(character) in _NOT_IN_A_LINE for character in text)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPSM"
