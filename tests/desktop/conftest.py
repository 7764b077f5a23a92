"""A server with one course, and laptops that know it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lms_desktop.settings import Home
from lms_desktop.store.files import Blobs
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from tests.desktop.program import run
from tests.world import Laptop, World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    yield world
    world.close()


@pytest.fixture
def course(world):
    return world.course(count=40)


@pytest.fixture
def laptop(world, course, tmp_path):
    """A learner's laptop that is enrolled and has nothing to send; its files lie as the program lays them."""
    who = world.learner()
    folder = folder_of(tmp_path / "home" / "profiles", world.identity.server_id, who.uid)
    laptop = Laptop(world, who, folder)
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.sync()
    yield laptop
    laptop.close()


@dataclass
class Machine:
    """A laptop's files with nobody using them, for the real program to run on."""

    home: Path
    folder: Path
    laptop: Laptop

    def run(self, *arguments, **options):
        return run(self.home, *arguments, **options)

    def open(self):
        return Profiles(Home(self.home)).open(self.folder)

    def reopen(self):
        """The laptop again, with its way to the server."""
        self.laptop.store = self.open()
        return self.laptop


@pytest.fixture
def machine(laptop, tmp_path):
    laptop.store.close()
    home = Home(tmp_path / "home")
    Profiles(home).make_current(laptop.folder)
    laptop.store.blobs = Blobs(home.blobs)
    return Machine(home.path, laptop.folder, laptop)
