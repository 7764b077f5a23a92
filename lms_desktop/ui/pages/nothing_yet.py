"""Pages that have nothing to show: what will be here, or that nothing has come from the server yet."""

from lms_desktop.ui.page import Context
from lms_desktop.ui.texts import tr
from lms_desktop.ui.widgets.banner import EmptyState
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.card import Card


def empty_card(context: Context, icon: str, title: str, sentence: str) -> Card:
    """The words that the page has for "none", unless nobody can know that yet."""
    card = Card()
    if context.shelf.views.has_courses():
        button = Button(tr("Find a course"), "grid-search", on_click=context.navigator.show_catalog)
        card.body.addWidget(EmptyState(icon, title, sentence, button))
    else:
        button = Button(tr("Sync now"), "sync", on_click=context.actions.sync_now)
        waits = tr("Courses, what is done in them and certificates come with the next sync.")
        card.body.addWidget(EmptyState("sync", tr("Nothing has come from the server yet"), waits, button))
    return card
