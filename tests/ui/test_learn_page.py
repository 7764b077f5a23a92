"""The Learn page warns of a folder that may harm the profile, once."""

import pytest
from PySide6.QtWidgets import QLabel

from lms_desktop.store.drive import Kind, Risk
from lms_desktop.ui import theme
from lms_desktop.ui.pages.learn import LearnPage
from lms_desktop.ui.tokens import PAPER
from lms_desktop.ui.widgets.button import Button
from tests.ui.reading_shelf import context_for
from tests.ui.samples import SampleShelf, SampleViews
from tests.ui.windows import settle

SYNCED = Risk(Kind.SYNCED, "OneDrive")


@pytest.fixture
def show(qapp, pages, tmp_path):
    theme.apply(qapp, theme.Look(PAPER))

    def open_page(risk):
        page = LearnPage(context_for(SampleShelf(SampleViews(folder_risk=risk)), tmp_path))
        pages.append(page)
        page.resize(1064, 800)
        page.show()
        settle()
        return page

    return open_page


def warnings(page):
    return [
        label.text() for label in page.findChildren(QLabel) if label.isVisible() and "folder of this" in label.text()
    ]


def close_warning(page):
    [close] = [one for one in page.findChildren(Button) if one.accessibleName() == "Close" and one.isVisible()]
    close.click()
    settle()


def test_a_folder_that_others_copy_is_warned_of_until_it_is_read(show):
    page = show(SYNCED)
    assert warnings(page) == ["OneDrive copies the folder of this app to other computers"]
    close_warning(page)
    assert warnings(page) == []
    page.reload()
    settle()
    assert warnings(page) == []
    assert warnings(show(SYNCED)) == [], "not at the next start either"
    assert len(warnings(show(Risk(Kind.SYNCED, "OneDrive", ("store-2.sqlite3",))))) == 1, "but what is new is told"


def test_a_risk_that_is_known_only_when_the_profile_is_open_is_told_then(show):
    page = show(None)
    assert warnings(page) == []
    page.context.shelf.views.folder_risk = SYNCED
    page.reload()
    settle()
    assert len(warnings(page)) == 1
