"""Arabic words of what a learner does with this laptop: PIN, waiting, notices, the app's own place."""
# ruff: noqa: E501 - a text stands on one line, so that it can be searched for

WORDS: dict[str, str | tuple[str, ...]] = {
    "Stop waiting": "إيقاف الانتظار",
    "Asking {place}": "جارٍ سؤال {place}",
    "Opening the sample course": "جارٍ فتح الدورة التجريبية",
    "Opening the courses of {name}": "جارٍ فتح دورات {name}",
    "PIN": "رمز الدخول",
    "Forgotten? Sign in with the password": "هل نُسي الرمز؟ الدخول بكلمة المرور",
    "Type the PIN to open the courses.": "يُكتب رمز الدخول لفتح الدورات.",
    "This is not the PIN. Try again.": "ليس هذا هو الرمز. تجوز المحاولة من جديد.",
    "Set a PIN": "وضع رمز دخول",
    "Set a PIN…": "وضع رمز دخول…",
    "Set the PIN": "وضع الرمز",
    "Remove the PIN": "إزالة الرمز",
    "The same again": "الرمز مرة أخرى",
    "At least {n} figures or letters.": (
        "رقم أو حرف على الأقل.",
        "رقم أو حرف واحد على الأقل.",
        "رقمان أو حرفان على الأقل.",
        "{n} أرقام أو أحرف على الأقل.",
        "{n} رقمًا أو حرفًا على الأقل.",
        "{n} رقم أو حرف على الأقل.",
    ),
    "This is not the same. Type it again.": "ليسا متطابقين. يُكتب الرمز مرة أخرى.",
    "A PIN keeps others who use this laptop from your pages. It is a curtain, not a lock: the files on the disk are not encrypted.": "يحجب الرمز صفحاتك عن بقية مستخدمي هذا الجهاز. هو ستارة لا قفل: الملفات على القرص غير مشفّرة.",
    "The courses of {name} open with a PIN": "تُفتح دورات {name} برمز دخول",
    "Ask who is learning": "السؤال عمّن يتعلّم",
}
