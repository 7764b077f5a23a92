"""The window's tests speak English and end in the language they began with."""

import pytest
from PySide6.QtCore import QLocale

from tests.ui.windows import settle


@pytest.fixture(autouse=True)
def usual_language():
    before = QLocale()
    QLocale.setDefault(QLocale("en"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def pages(qapp):
    """Pages that a test opens; they are gone when it ends."""
    opened = []
    yield opened
    for page in opened:
        page.close()
        page.deleteLater()
    settle()
