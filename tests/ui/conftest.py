"""The window's tests speak English and end in the language they began with."""

import pytest
from PySide6.QtCore import QLocale


@pytest.fixture(autouse=True)
def usual_language():
    before = QLocale()
    QLocale.setDefault(QLocale("en"))
    yield
    QLocale.setDefault(before)
