"""A PIN on a real profile: the app starts behind it, and behind it the same courses go on."""

import threading

import pytest
from PySide6.QtWidgets import QApplication

from lms_desktop import app
from lms_desktop.settings import Home
from lms_desktop.store import profile
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner, Place
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.pin import Pins, hashed
from lms_desktop.ui.preferences import PreferenceFile
from lms_server.contract.ids import new_uuid4
from tests.flows.hands import Hands

PIN = "4711"


@pytest.fixture(params=["at once", "behind the first frame"])
def desk(qapp, tmp_path, request):
    # With an event the profile is opened once the window stands, as in the app; without one, at once.
    stands = threading.Event() if request.param != "at once" else None
    made = app.Desk(Home(tmp_path / "home"), stands)
    place, learner = Place(new_uuid4(), "", "Hillside Library"), Learner(new_uuid4(), "Ana Moreno", "ana@example.org")
    folder = profile.folder_of(made.home.profiles, place.server_id, learner.uid)
    profile.create(folder, Owner(place, "", learner))
    made.profiles.make_current(folder)
    Pins(PreferenceFile(made.home.window)).keep(place, learner, hashed(PIN))
    yield made, stands
    made.close()


def test_the_app_starts_behind_the_pin_and_goes_on_with_the_same_shelf(desk, qtbot):
    made, stands = desk
    window = app.open_window(made)
    qtbot.addWidget(window)
    window.show()
    if stands is not None:
        stands.set()
    start, shelf = window.centralWidget(), window._shelf
    assert isinstance(start, StartPage)
    start._pin.field.edit.setText(PIN)
    start._pin.primary.click()
    Hands(window).wait(lambda: not isinstance(window.centralWidget(), StartPage), "the learner's courses")
    QApplication.processEvents()
    assert window._shelf is shelf
    assert window._shelf.views.learn().courses == ()
    assert made.take_notice() is None
