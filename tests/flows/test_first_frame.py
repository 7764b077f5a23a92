"""The real program in a process of its own: its first frame is whole, and waits for nothing that it doesn't show."""

import json
import os
import subprocess
import sys

import pytest

from lms_desktop.settings import Home
from lms_desktop.store.profiles import Profiles
from tests.desktop.program import ROOT
from tests.world import Laptop, World

COURSES = 50
CARD_HIGH = 136
LATE = {"sqlalchemy", "httpx", "asyncio", "cryptography", "keyring", "pypdfium2", "pygments", "email", "http", "ssl"}
OTHER_PAGES = {"catalog", "course", "lesson", "downloads", "certificates", "sync", "settings"}
# Version, profile, learner, courses, the outline, counts, downloads, certificates; and one transaction.
MOST_STATEMENTS = 9
CHILD = """
import json, os, sqlite3, sys
statements = []
connect = sqlite3.connect

def traced(*given, **named):
    conn = connect(*given, **named)
    conn.set_trace_callback(statements.append)
    return conn

sqlite3.connect = traced
from lms_desktop.__main__ import main
from lms_desktop.ui.widgets.course import CourseCard
painted = []
paint = CourseCard.paintEvent

def noted(card, event):
    painted.append(card.height())
    paint(card, event)

CourseCard.paintEvent = noted

def seen():
    from PySide6.QtWidgets import QApplication
    [window] = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
    cards = window.findChildren(CourseCard)
    said = {
        "modules": list(sys.modules), "statements": statements, "cards": len(cards),
        "painted": painted,
    }
    print(json.dumps(said), flush=True)
    os._exit(0)

main(["--home", sys.argv[1]], seen)
"""


@pytest.fixture(scope="module")
def first_frame(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    home = Home(folder / "home")
    world = World(folder / "server")
    learner = world.learner()
    courses = [world.course(f"course-{n}") for n in range(COURSES)]
    laptop = Laptop(world, learner, home.profiles / world.identity.server_id / learner.uid)
    laptop.sync()
    for course in courses:
        laptop.store.enroll(course.uid)
    Profiles(home).make_current(laptop.folder)
    laptop.close()
    world.close()
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", CHILD, str(home.path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_its_cards_are_laid_out_and_none_is_painted_that_is_out_of_sight(first_frame):
    assert first_frame["cards"] == COURSES
    assert min(first_frame["painted"]) >= CARD_HIGH
    assert len(first_frame["painted"]) < COURSES / 3


def test_nothing_that_it_does_not_need_is_loaded(first_frame):
    loaded = {name.partition(".")[0] for name in first_frame["modules"]}
    assert loaded - LATE == loaded
    pages = {name.rpartition(".")[2] for name in first_frame["modules"] if name.startswith("lms_desktop.ui.pages.")}
    assert not OTHER_PAGES & pages
    assert not [
        name for name in first_frame["modules"] if name.startswith(("lms_desktop.sync", "lms_desktop.ui.reader"))
    ]


def test_the_number_of_statements_does_not_grow_with_the_courses(first_frame):
    assert len(first_frame["statements"]) <= MOST_STATEMENTS, first_frame["statements"]


def test_options_without_a_command_open_the_window_too(tmp_path):
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    code = "import os; from lms_desktop.__main__ import main; main(['--json'], lambda: os._exit(7))"
    environment |= {"LMS_DESKTOP_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False, timeout=60)
    assert done.returncode == 7
