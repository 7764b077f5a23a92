"""Which language a page speaks, and how it says things: the browser's wish, or the one chosen with a link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import falcon
from markupsafe import Markup, escape

from lms_server.certificates.phrases import ARABIC_DIGITS, phrases
from lms_server.sentences import Sentence
from lms_server.web.words import ar, ar_refusals, es, es_refusals

Catalog = Mapping[str, str | tuple[str, ...]]

CATALOGS: dict[str, Catalog] = {
    "es": {**es.WORDS, **es_refusals.WORDS},
    "ar": {**ar.WORDS, **ar_refusals.WORDS},
}
COOKIE = "lms-language"
_YEAR_S = 31_536_000

# Values of the database that stand on pages.
NAMED = {
    "en": "English",
    "es": "Spanish",
    "ar": "Arabic",
    "fr": "French",
    "pt": "Portuguese",
    "beginner": "Beginner",
    "intermediate": "Intermediate",
    "advanced": "Advanced",
    "published": "Published",
    "draft": "Draft",
    "withdrawn": "Withdrawn",
    "learner": "Learner",
    "admin": "Admin",
    "queued": "Queued",
    "sending": "Sending",
    "accepted": "Accepted",
    "failed": "Failed",
    "in_doubt": "In doubt",
    "held": "Held",
    "enroll": "Enroll",
    "start_lesson": "Start lesson",
    "complete_lesson": "Complete lesson",
    "keep_certificate": "Keep certificate",
    "course_draft": "The course isn't published",
    "course_deleted": "The course was deleted",
    "unknown_course": "The course isn't on this server",
    "unknown_lesson": "The lesson isn't on this server",
    "not_enrolled": "The learner isn't enrolled",
    "unsupported_kind": "This server is older than the laptop's program",
    "malformed": "It can't be read",
    "id_conflict": "Other work has the same number",
    "too_many_parked": "There is no room for more waiting work",
    "new": "New",
    "added": "Added",
    "email_taken": "Has an account",
    # Why a mail doesn't go; what a mail server or the system adds stays as it said it.
    "the dispatch journal is missing or shorter than recorded": "The mail journal is missing or shorter than recorded",
    "the server's history was rolled back: it may have gone before": "The server went back in time: it may have gone",
    "a worker stopped while handing it over": "A worker stopped while handing it over",
    "given up after 3 days": "Given up after 3 days",
    "the answer after the message can't be read": "The answer after the message can't be read",
    "no answer after the message": "No answer after the message",
    "the mail server takes no addresses with such letters": "The mail server takes no addresses with such letters",
    "the dispatch journal can't be written": "The mail journal can't be written",
    "the mail folder": "The mail folder",
    "open": "Open to everybody",
    "closed": "Admins make accounts",
}


# Sizes, from bytes on, as the desktop writes them.
_UNITS = ("B", "kB", "MB", "GB", "TB")
_ARABIC_UNITS = ("بايت", "كيلوبايت", "م.ب", "غ.ب", "ت.ب")


def _two(n: int) -> int:
    return 0 if n == 1 else 1


def _six(n: int) -> int:
    """Arabic: zero, one, two, few (3-10), many (11-99), other."""
    if n < 3:
        return n
    if 3 <= n % 100 <= 10:
        return 3
    return 4 if n % 100 >= 11 else 5


class _Quoted(str):
    """What a sentence names (a path, an address, a number): it keeps its own direction wherever the page runs."""

    __slots__ = ()

    def __html__(self) -> Markup:
        return Markup("<bdi>{}</bdi>").format(str(self))


@dataclass(frozen=True)
class Language:
    """One language; what its catalog doesn't have is said in English."""

    code: str
    name: str
    direction: str = "ltr"
    words: Catalog = field(default_factory=dict)
    form: Callable[[int], int] = _two
    digits: Mapping[int, int] = field(default_factory=dict)
    units: tuple[str, ...] = _UNITS

    def say(self, text: str | Sentence, **values: Any) -> Markup:
        """A text in this language, safe in a page; so are the values, unless they are Markup already."""
        if isinstance(text, Sentence):
            return self.say(text.english, **{name: self._value(value) for name, value in text.values})
        known = self.words.get(text, text)
        safe = Markup(escape(known if isinstance(known, str) else known[-1]))  # noqa: S704 # escaped first
        # A sentence of elsewhere may quote what somebody typed, braces and all.
        return safe.format(**self._figures(values)) if values else safe

    def _value(self, value: str | Sentence) -> "Markup | _Quoted":
        return self.say(value) if isinstance(value, Sentence) else _Quoted(value)

    def count(self, one: str, many: str, n: int, **values: Any) -> Markup:
        """The same about ``{n}`` things."""
        forms = self.words.get(many)
        known = forms[self.form(n)] if isinstance(forms, tuple) else (one if n == 1 else many)
        shown = self._figures({"n": n, **values})
        return Markup(escape(known)).format(**shown)  # noqa: S704 # escaped first

    def number(self, value: int) -> str:
        """A count in the language's own figures."""
        return str(value).translate(self.digits)

    def day(self, ms: int) -> str:
        """A date in the words that certificates say it in, so that both can be compared."""
        return phrases(self.code).day(datetime.fromtimestamp(ms / 1000, UTC).date())

    def moment(self, ms: int) -> str:
        """A date with its time, which is the same wherever the page is read."""
        time = datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M").translate(self.digits)
        return self.say("{day}, {time} UTC", day=self.day(ms), time=time)

    def size(self, count: float) -> str:
        """So many bytes, such as "38 MB"."""
        unit = 0
        while count >= 1000 and unit < len(self.units) - 1:
            count, unit = count / 1000, unit + 1
        return f"{self.number(round(count))} {self.units[unit]}"

    def _figures(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}

    def named(self, value: str) -> Markup:
        """A value of the database in words."""
        return self.say(NAMED.get(value, value))

    def reason(self, text: str) -> Markup:
        """Why something waits: our own words in this language, what others said behind them as it is."""
        if text in NAMED:
            return self.named(text)
        ours, colon, theirs = text.partition(": ")
        if not colon or ours not in NAMED:
            return escape(_Quoted(text))
        return self.named(ours) + colon + self.reason(theirs)

    def language_named(self, tag: str) -> Markup:
        """A course's language in words, whatever its country; one we have no word for stands as it is."""
        root = tag.partition("-")[0]
        return self.named(root if root in NAMED else tag)


ENGLISH = Language("en", "English")
LANGUAGES: dict[str, Language] = {
    "en": ENGLISH,
    "es": Language("es", "Español", "ltr", CATALOGS["es"]),
    "ar": Language("ar", "العربية", "rtl", CATALOGS["ar"], _six, ARABIC_DIGITS, _ARABIC_UNITS),
}


def choose(req: falcon.Request) -> Language:
    """The language chosen with a link, else the first of the browser's that we have, else English."""
    chosen = (req.get_cookie_values(COOKIE) or [""])[0]
    if chosen in LANGUAGES:
        return LANGUAGES[chosen]
    return _wished((req.get_header("Accept-Language") or "")[:500])


@lru_cache(maxsize=256)
def _wished(header: str) -> Language:
    """Most browsers say what many others do, and desktops say nothing."""
    wishes = [_wish(part) for part in header.split(",")]
    wanted = [code for weight, code in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0 and code in LANGUAGES]
    return LANGUAGES[wanted[0]] if wanted else ENGLISH


def remember(resp: falcon.Response, language: Language, *, is_secure: bool) -> None:
    """Keep the choice for a year."""
    resp.set_cookie(COOKIE, language.code, path="/", max_age=_YEAR_S, secure=is_secure, http_only=True, same_site="Lax")


def language_of(resp: falcon.Response) -> Language:
    """The language of this answer."""
    found = getattr(resp.context, "language", ENGLISH)
    return found if isinstance(found, Language) else ENGLISH


def _wish(part: str) -> tuple[float, str]:
    tag, _, weight = part.strip().partition(";q=")
    try:
        return float(weight or 1), tag.strip().lower().partition("-")[0]
    except ValueError:
        return 0.0, ""
