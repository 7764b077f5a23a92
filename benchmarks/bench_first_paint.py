"""First paint: from the process's start to the painted Learn page of a profile with 50 courses, offscreen."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lms_desktop.settings import Home  # noqa: E402 # the project's root comes first
from lms_desktop.store.profiles import Profiles  # noqa: E402
from tests.world import Laptop, World  # noqa: E402

RUNS = 9
CHILD = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QEvent, QObject
from lms_desktop import app
from lms_desktop.settings import Home
from lms_desktop.ui import compose

qt = compose.make_application(["bench"])
desk = app.Desk(Home(Path(sys.argv[1])))
window = app.open_window(desk)

class Watch(QObject):
    def eventFilter(self, watched, happened):
        if happened.type() == QEvent.Type.Paint:
            print(time.time(), flush=True)
            import os
            os._exit(0)
        return False

watch = Watch()
window.centralWidget().installEventFilter(watch) if window.centralWidget() else window.installEventFilter(watch)
window.show()
qt.exec()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        world = World(Path(folder) / "server")
        learner = world.learner()
        courses = [world.course(f"course-{n}", count=12) for n in range(50)]
        laptop = Laptop(world, learner, home.profiles / world.identity.server_id / learner.uid)
        laptop.sync()
        for course in courses:
            laptop.store.enroll(course.uid)
        Profiles(home).make_current(laptop.folder)
        laptop.close()
        world.close()
        times = sorted(_timed(home.path) for _ in range(RUNS))
    print(f"first paint: median {statistics.median(times):.0f} ms, best {times[0]:.0f} ms, worst {times[-1]:.0f} ms")


def _timed(home: Path) -> float:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    start = time.time()
    command = [sys.executable, "-c", CHILD, str(home)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return (float(done.stdout.split()[0]) - start) * 1000


if __name__ == "__main__":
    main()
