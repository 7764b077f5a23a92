"""The few words that an import writes into a lesson, in the course's language."""

from collections.abc import Mapping

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "details": "Details",
        "note": "Note",
        "tip": "Tip",
        "important": "Important",
        "warning": "Warning",
        "caution": "Caution",
        "online": "Only online:",
        "picture": "Picture on the web",
        "missing": "Missing picture",
        "left_out": "Left out:",
        "task": "Task",
        "challenge": "Challenge",
        "quiz": "Question",
        "hint": "Hint",
        "discussion": "Discussion",
    },
    "es": {
        "details": "Detalles",
        "note": "Nota",
        "tip": "Consejo",
        "important": "Importante",
        "warning": "Advertencia",
        "caution": "Precaución",
        "online": "Solo en línea:",
        "picture": "Imagen en la web",
        "missing": "Falta la imagen",
        "left_out": "No incluido:",
        "task": "Tarea",
        "challenge": "Desafío",
        "quiz": "Pregunta",
        "hint": "Pista",
        "discussion": "Debate",
    },
    "ar": {
        "details": "تفاصيل",
        "note": "ملاحظة",
        "tip": "نصيحة",
        "important": "مهم",
        "warning": "تحذير",
        "caution": "تنبيه",
        "online": "متاح عبر الإنترنت فقط:",
        "picture": "صورة على الويب",
        "missing": "صورة مفقودة",
        "left_out": "غير مضمّن:",
        "task": "مهمة",
        "challenge": "تحدٍّ",
        "quiz": "سؤال",
        "hint": "تلميح",
        "discussion": "نقاش",
    },
}

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def word(key: str, language: str) -> str:
    """The word in that language, else in English."""
    return _WORDS.get(language.partition("-")[0].casefold(), _WORDS["en"])[key]


def direction_of(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if language.partition("-")[0].casefold() in _RIGHT_TO_LEFT else "ltr"
