"""Before the first sync, and after a rescue without a network, no page says that there is nothing."""

import pytest
from PySide6.QtWidgets import QLabel

from lms_desktop.store.rows import CatalogPage, CertificatesPage, LearnPage
from lms_desktop.ui import theme
from lms_desktop.ui.pages.certificates import CertificatesPage as CertificatesScreen
from lms_desktop.ui.pages.downloads import DownloadsPage
from lms_desktop.ui.pages.learn import LearnPage as LearnScreen
from lms_desktop.ui.tokens import PAPER
from lms_desktop.ui.widgets.button import Button
from tests.ui.reading_shelf import context_for
from tests.ui.samples import ANA, SampleShelf, SampleViews
from tests.ui.windows import settle

PAGES = {
    LearnScreen: "Your courses will be here",
    DownloadsPage: "Nothing downloaded yet",
    CertificatesScreen: "No certificates yet",
}


class NothingViews(SampleViews):
    """A learner with nothing of their own; ``known`` counts the courses that a sync brought."""

    known = 0

    def learn(self):
        return LearnPage(ANA, None, ())

    def catalog(self, *_search):
        return CatalogPage(self.known, (), ())

    def certificates(self):
        return CertificatesPage((), ())

    def downloads(self):
        return ()


@pytest.mark.parametrize("page_type", PAGES)
def test_nothing_is_called_none_before_it_can_be_known(qapp, pages, tmp_path, page_type):
    theme.apply(qapp, theme.Look(PAPER))
    page = page_type(context_for(SampleShelf(NothingViews()), tmp_path))
    pages.append(page)

    def says():
        page.open(None)
        page.reload()
        page.show()
        settle()
        return {label.text() for label in page.findChildren(QLabel) if label.isVisible()}

    assert "Nothing has come from the server yet" in says()
    [button] = [one for one in page.findChildren(Button) if one.words() == "Sync now" and one.isVisible()]
    button.click()
    assert page.context.actions.asked[-1][0] == "sync_now"
    page.context.shelf.views.known = 7
    assert PAGES[page_type] in says()
