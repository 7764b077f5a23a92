"""Arabic: room on the laptop, and the folder that the app lies in."""
# ruff: noqa: E501 - a text stands on one line, so that it can be searched for

WORDS: dict[str, str | tuple[str, ...]] = {
    "{size} for my courses": "{size} لدوراتي",
    "{size} for other learners' courses": "{size} لدورات متعلمين آخرين",
    "Everything new in my courses": "كل جديد في دوراتي",
    "Not enough room for everything new. Choose some courses, or make room first.": "لا مكان لكل الجديد. يمكن اختيار بعض الدورات أو إخلاء مكان أولا.",
    "{name} copies the folder of this app to other computers": "ينسخ {name} مجلد هذا التطبيق إلى حواسيب أخرى",
    "Another program copies the folder of this app to other computers": "ينسخ برنامج آخر مجلد هذا التطبيق إلى حواسيب أخرى",
    "The folder of this app is on a network drive": "مجلد هذا التطبيق على قرص في الشبكة",
    "The folder of this app moves from computer to computer": "ينتقل مجلد هذا التطبيق من حاسوب إلى حاسوب",
    "Your work is safe on this laptop. Two computers that write it at once may damage it: ask who looks after this laptop to move the folder to its own disk.": "العمل محفوظ على هذا الحاسوب. قد يتلف إن كتب فيه حاسوبان في وقت واحد، فليُطلب ممن يعتني بهذا الحاسوب نقل المجلد إلى قرصه.",
    "Copies that were made of it are not used: {files}": "النسخ التي أُخذت منه لا تُستعمل: {files}",
}
