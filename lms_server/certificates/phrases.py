"""The certificate's own words, dates and digits, in the course's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


@dataclass(frozen=True)
class Phrases:
    """What a certificate says around its facts; none of it needs the learner's gender."""

    title: str
    certifies: str
    lessons: Callable[[int], str]
    completed: str
    issued: str
    number: str
    signed: str
    signed_how: str
    check: str
    day: Callable[[date], str]


def phrases(language: str) -> Phrases:
    """The words for this language tag; English for a language that has none here."""
    return _ALL.get(language.partition("-")[0].lower(), _ALL["en"])


def _english_lessons(count: int) -> str:
    return f"has completed all {count} lessons of the course" if count > 1 else "has completed the course"


def _spanish_lessons(count: int) -> str:
    return f"ha completado las {count} lecciones del curso" if count > 1 else "ha completado el curso"


def _arabic_lessons(count: int) -> str:
    if count < 3:
        return "لإتمام دروس الدورة"
    few = 3 <= count % 100 <= 10
    noun = "دروس" if few else "درسًا" if count % 100 > 10 else "درس"
    return f"لإتمام جميع دروس الدورة، وعددها {count} {noun}".translate(ARABIC_DIGITS)


def _month(language: str, day: date) -> str:
    return _MONTHS[language].split()[day.month - 1]


_ALL = {
    "en": Phrases(
        title="Certificate of completion",
        certifies="This certifies that",
        lessons=_english_lessons,
        completed="Completed",
        issued="Issued",
        number="Certificate number",
        signed="Signed electronically",
        signed_how="Any change to this file shows when it is checked",
        check="or check the file itself, offline",
        day=lambda day: f"{day.day} {_month('en', day)} {day.year}",
    ),
    "es": Phrases(
        title="Certificado de finalización",
        certifies="Se certifica que",
        lessons=_spanish_lessons,
        completed="Completado",
        issued="Emitido",
        number="Número del certificado",
        signed="Firmado electrónicamente",
        signed_how="Cualquier cambio en este archivo se nota al comprobarlo",
        check="o compruebe el propio archivo, sin conexión",
        day=lambda day: f"{day.day} de {_month('es', day)} de {day.year}",
    ),
    "ar": Phrases(
        title="شهادة إتمام",
        certifies="تُمنح هذه الشهادة إلى",
        lessons=_arabic_lessons,
        completed="تاريخ الإتمام",
        issued="تاريخ الإصدار",
        number="رقم الشهادة",
        signed="موقّعة إلكترونيًا",
        signed_how="يظهر أي تغيير في هذا الملف عند التحقّق منه",
        check="أو تحقّق من الملفّ نفسه دون اتصال",
        day=lambda day: f"{day.day} {_month('ar', day)} {day.year}".translate(ARABIC_DIGITS),
    ),
}
