"""What stands on the cover of a course that has no picture: the same on laptops, web pages and certificates."""

import re
from hashlib import sha256

# Each of the three has colours of its own for these, in this order.
CLOTHS = ("clay", "olive", "plum", "ochre", "slate", "petrol")
# Certificates are drawn with them too: other subjects for the same words need a certificate template of their own.
# An icon, and the beginnings of words that call for it, in the languages that courses here are written in.
_SUBJECTS = (
    ("heart-pulse", "aid health medic nurs primeros auxilio salud enferm إسعاف الإسعافات صحة طب"),
    (
        "code",
        "rust python program code coding software linux git web html javascript java data script sql programa برمج",
    ),
    ("calculator", "account math maths algebra calcul financ budget tax cuentas conta matem محاسب رياضيات"),
    ("music", "music band song sound audio música canto موسيقى"),
    ("leaf", "garden grow veget plant farm agri beekeep bio nature ecolog huerto jard agricult زراع حديق"),
    (
        "chat",
        "speak español spanish english arabic french german language idioma inglés conversa لغة العربية الإنجليزية",
    ),
    ("globe", "geograph histor world travel map mundo تاريخ جغراف"),
    ("flask", "chem physic scien lab química física ciencia علوم كيمياء فيزياء"),
    ("pencil", "writ draw art design literat escri dibujo arte كتابة رسم"),
    ("people", "community teach social group leader accessib docent comunidad مجتمع تعليم"),
    ("server", "network database computer system internet redes شبك حاسوب"),
)
_BEGINNINGS = tuple((icon, tuple(beginnings.split())) for icon, beginnings in _SUBJECTS)


def cloth_of(course_uid: str) -> int:
    """The cloth that a course is bound in, by its place in CLOTHS: always the same one."""
    return sha256(course_uid.encode()).digest()[0] % len(CLOTHS)


def subject_of(slug: str, title: str) -> str | None:
    """The icon for what a course is about, guessed from its words; the first word that says something counts."""
    words = re.findall(r"\w+", f"{slug} {title}".casefold().replace("_", " "))
    for word in words:
        for icon, beginnings in _BEGINNINGS:
            if word.startswith(beginnings):
                return icon
    return None
