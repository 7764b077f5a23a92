"""Words, plurals, numbers, sizes and dates in the learner's language; the language is Qt's default locale."""

from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt, QTime, QTimeZone

from lms_desktop.ui.plurals import form
from lms_desktop.ui.words import CATALOGS

# Each language in its own words, for the people who look for theirs.
LANGUAGES = {"en": "English", "es": "Español", "ar": "العربية"}
KEEP_WHOLE = "\u00a0"


def use(language: str) -> None:
    """Speak a language from now on: ``en``, ``es``, ``ar``, or ``system``."""
    system = QLocale.system()
    QLocale.setDefault(system if language == "system" and code(system) in LANGUAGES else QLocale(_known(language)))


def code(locale: QLocale | None = None) -> str:
    """The two letters of a locale's language; the present one if none is given."""
    return (locale or QLocale()).name().partition("_")[0]


def tr(text: str, **values: Any) -> str:
    """Translate a text; ``{name}`` places take the values, whole numbers in the language's own figures."""
    found = CATALOGS.get(code(), {}).get(text, text)
    return _fill(found if isinstance(found, str) else found[-1], values)


def tr_n(one: str, other: str, n: int, **values: Any) -> str:
    """Translate a text about ``{n}`` things, in the form that the language has for that many."""
    found = CATALOGS.get(code(), {}).get(other)
    forms = (one, other) if found is None or isinstance(found, str) else found
    return _fill(forms[form(code() if isinstance(found, tuple) else "en", n)], {"n": n, **values})


def number(n: int) -> str:
    """A count in the language's own figures."""
    return QLocale().toString(n)


def numbered(place: int, title: str) -> str:
    """A section's number before its title, at the window's start side whatever the title's script."""
    mark = "\u200f" if QLocale().textDirection() is Qt.LayoutDirection.RightToLeft else "\u200e"
    return f"{mark}{number(place)}\u2002{title}"


def percent(fraction: float) -> str:
    """A share of one, such as "64 %"."""
    shown = number(int(fraction * 100))
    return f"{shown}{KEEP_WHOLE}{'٪' if code() == 'ar' else '%'}"


def size(count: int) -> str:
    """A number of bytes, such as "38 MB"."""
    unit = 1_000_000_000 if count >= 1_000_000_000 else 1_000_000
    is_small = count >= unit and (count < 10_000_000 or unit > 1_000_000)
    places = 1 if is_small and round(count * 10 / unit) % 10 else 0
    text = QLocale().formattedDataSize(count, places, QLocale.DataSizeFormat.DataSizeSIFormat)
    return text.replace(" ", KEEP_WHOLE)


def part_of(done: int, total: int) -> str:
    """Bytes of bytes with the unit once, such as "118 of 184 MB"."""
    first, _, first_unit = size(done).rpartition(KEEP_WHOLE)
    _, _, unit = size(total).rpartition(KEEP_WHOLE)
    return tr("{done} of {total}", done=first if first_unit == unit else size(done), total=size(total))


def time_of(ms: int) -> str:
    """The time of day, such as "14:20"."""
    return QLocale().toString(_local(ms).time(), "HH:mm")


def date(ms: int) -> str:
    """A full date, such as "22 November 2026"."""
    return QLocale().toString(_local(ms).date(), tr("d MMMM yyyy"))


def day(ms: int, now: int | None = None, *, inside: bool = False) -> str:
    """A day as people say it: "Today", "Yesterday", "Friday", "6 November"; ``inside`` a sentence: "today"."""
    then, today = _local(ms).date(), _now(now).date()
    days = then.daysTo(today)
    if days == 0:
        return tr("today") if inside else tr("Today")
    if days == 1:
        return tr("yesterday") if inside else tr("Yesterday")
    if 1 < days < 7:
        name = QLocale().standaloneDayName(then.dayOfWeek(), QLocale.FormatType.LongFormat)
        return name if inside else _capital(name)
    return QLocale().toString(then, tr("d MMMM") if then.year() == today.year() else tr("d MMMM yyyy"))


def moment(ms: int, now: int | None = None, *, inside: bool = False) -> str:
    """A day and a time: "Today, 14:31"; ``inside`` a sentence: "today, 14:31"."""
    return tr("{day}, {time}", day=day(ms, now, inside=inside), time=time_of(ms))


def ago(ms: int, now: int | None = None) -> str:
    """How long since: "2 minutes ago"; days and more are told as a day."""
    seconds = max(0, _local(ms).secsTo(_now(now)))
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return tr_n("{n} minute ago", "{n} minutes ago", seconds // 60)
    if seconds < 86400:
        return tr_n("{n} hour ago", "{n} hours ago", seconds // 3600)
    return moment(ms, now)


def left(seconds: int) -> str:
    """How long something may still take: "about 1 minute left"."""
    if seconds < 60:
        return tr("less than a minute left")
    if seconds < 3600:
        return tr_n("about {n} minute left", "about {n} minutes left", round(seconds / 60))
    return tr_n("about {n} hour left", "about {n} hours left", round(seconds / 3600))


def language_name(language: str) -> str:
    """A course's language in the learner's words, such as "Arabic"."""
    names = {"en": tr("English"), "es": tr("Spanish"), "ar": tr("Arabic"), "fr": tr("French"), "pt": tr("Portuguese")}
    root = language.partition("-")[0]
    known = names.get(root)
    return known or _capital(QLocale(root).nativeLanguageName()) or language


def level_name(level: str) -> str:
    """A course's level in the learner's words."""
    return {"beginner": tr("Beginner"), "intermediate": tr("Intermediate"), "advanced": tr("Advanced")}.get(
        level, level
    )


def facts(*parts: str | None) -> str:
    """Facts with a dot between them; where they need another line, it doesn't begin with the dot."""
    return "\u00a0\u00a0·\u2002".join(part for part in parts if part)


def _fill(text: str, values: dict[str, Any]) -> str:
    shown = {key: number(value) if type(value) is int else value for key, value in values.items()}
    return text.format(**shown) if shown else text


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _local(ms: int) -> QDateTime:
    seconds, rest = divmod(ms, 1000)
    there = datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=rest)
    return QDateTime(
        QDate(there.year, there.month, there.day),
        QTime(there.hour, there.minute, there.second, there.microsecond // 1000),
        QTimeZone.utc(),
    ).toLocalTime()


def _now(ms: int | None) -> QDateTime:
    return QDateTime.currentDateTime() if ms is None else _local(ms)
