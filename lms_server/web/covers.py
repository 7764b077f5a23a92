"""Covers on web pages: the cloth of a course's id and the mark of its subject, as on the desktop."""

import re
from hashlib import sha256

CLOTHS = ("clay", "olive", "plum", "ochre", "slate", "petrol")
_SUBJECTS = (
    ("heart-pulse", "first aid health medic nurs care salud auxilio إسعاف صحة"),
    ("code", "rust python program code coding software linux git web javascript java data sql programa برمج"),
    ("calculator", "account math maths algebra calcul financ budget tax cuentas conta محاسب رياضيات"),
    ("music", "music band song sound audio música canto موسيقى"),
    ("leaf", "garden grow veget plant farm agri bio nature ecolog huerto bee keeping زراع حديق"),
    ("chat", "speak spanish english arabic french german language idioma inglés conversa لغة"),
    ("globe", "geograph histor world travel map mundo تاريخ جغراف"),
    ("flask", "chem physic scien lab química física ciencia علوم كيمياء فيزياء"),
    ("pencil", "writ draw art design literat escri dibujo كتابة رسم"),
    ("people", "community teach social group leader docent accessib تعليم مجتمع"),
)


def cloth(uid: str) -> str:
    """The name of a course's cloth, the same on every laptop."""
    return CLOTHS[sha256(uid.encode()).digest()[0] % len(CLOTHS)]


def subject(slug: str, title: str) -> str:
    """The icon for what a course seems to be about."""
    words = re.findall(r"\w+", f"{slug} {title}".casefold())
    for icon, marks in _SUBJECTS:
        if any(word.startswith(mark) for word in words for mark in marks.split()):
            return icon
    return "book"
