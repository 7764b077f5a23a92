"""A lesson from the click to its painted page: every lesson of a large course, offscreen, in the real window.

``python benchmarks/bench_lesson.py [COURSE]``; without one the largest sample course beside the project. The first
round is a learner's first visit, after which the start of each lesson is recorded on the disk.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject  # noqa: E402 # the project's root comes first
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from lms_desktop.store.store import Store  # noqa: E402
from lms_desktop.ui.compose import build_window, make_application  # noqa: E402
from lms_desktop.ui.preferences import PreferenceFile, Preferences  # noqa: E402
from lms_desktop.ui.reader.view import LessonView  # noqa: E402
from lms_desktop.ui.window import MainWindow  # noqa: E402
from lms_server.actions.course_import import import_course  # noqa: E402
from lms_server.content.model import CoursePackage, LessonDraft  # noqa: E402
from lms_server.content.read import read_course  # noqa: E402
from lms_server.contract.memory import collect_rarely  # noqa: E402
from tests.ui.samples import SampleActions  # noqa: E402
from tests.world import Laptop, World  # noqa: E402


class Opening(NamedTuple):
    """How long one lesson took."""

    wall_ms: float
    cpu_ms: float
    title: str


AGAIN = 3
COURSE = ROOT.parent / "shared" / "courses" / "comprehensive-rust"


def main() -> None:
    course = Path(sys.argv[1]) if len(sys.argv) > 1 else COURSE
    if not course.exists():
        course = ROOT / "resources" / "sample-course"
    app = make_application(["bench"])
    with tempfile.TemporaryDirectory() as folder:
        package = read_course(course)
        laptop = studied(package, Path(folder))
        window = opened(laptop.store, Path(folder))
        settle(app)
        # As the app does when its window stands.
        collect_rarely()
        # What is loaded with the first lesson is no lesson's; the last one, as one that is on show is not painted anew.
        open_lesson(app, window, package.lessons[-1].uid)
        settle(app)
        first, *others = [[measured(app, window, lesson) for lesson in package.lessons] for _ in range(1 + AGAIN)]
        report(f"{package.slug}, first visit", first)
        report(
            f"{package.slug}, again, the quickest of {AGAIN}", [quickest(times) for times in zip(*others, strict=True)]
        )
        window.close()
        laptop.close()


def quickest(times: tuple[Opening, ...]) -> Opening:
    """The least of each clock: what else the machine did only adds."""
    return Opening(min(one.wall_ms for one in times), min(one.cpu_ms for one in times), times[0].title)


def studied(package: CoursePackage, folder: Path) -> Laptop:
    """A laptop whose learner is enrolled and has everything on the disk."""
    world = World(folder / "server")
    import_course(world.context, package, publish=True)
    laptop = Laptop(world, world.learner(), folder / "laptop" / "profile")
    laptop.sync()
    laptop.store.enroll(package.uid)
    for lesson in package.lessons:
        laptop.store.blobs.put(lesson.body_sha256, lesson.body)
    for asset in package.assets.values():
        with asset.open() as stream:
            laptop.store.blobs.put(asset.sha256, stream.read())
    world.close()
    return laptop


def opened(store: Store, folder: Path) -> MainWindow:
    preferences = PreferenceFile(folder / "window.ini")
    preferences.write(Preferences(theme="paper", language="en"))
    window = build_window(SampleActions(), preferences)
    window.resize(1280, 800)
    window.open_shelf(store)
    window.show()
    return window


def settle(app: QApplication) -> None:
    for _turn in range(4):
        app.processEvents()


def measured(app: QApplication, window: MainWindow, lesson: LessonDraft) -> Opening:
    """Milliseconds of a lesson on the clock and of the processor, which a busy machine changes less."""
    start, start_cpu = time.perf_counter(), time.process_time()
    open_lesson(app, window, lesson.uid)
    took = Opening((time.perf_counter() - start) * 1000, (time.process_time() - start_cpu) * 1000, lesson.title)
    settle(app)
    return took


class Painted(QObject):
    """Knows whether a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.is_so = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 # Qt's name
        self.is_so |= event.type() == QEvent.Type.Paint
        return super().eventFilter(watched, event)


def open_lesson(app: QApplication, window: MainWindow, uid: str) -> None:
    """What a click does, up to the paint of the text."""
    window.show_lesson(uid)
    pane = window.findChild(LessonView).viewport()
    painted = Painted(pane)
    for _turn in range(10):
        # Layout and paint; timers, which come after them, wait.
        app.sendPostedEvents()
        if painted.is_so:
            break
    else:
        raise RuntimeError(f"The lesson {uid} was not painted.")
    pane.removeEventFilter(painted)


def report(name: str, openings: list[Opening]) -> None:
    worst = max(openings)
    told = f"{name}: {len(openings)} lessons"
    for kind, times in (
        ("ms", [one.wall_ms for one in openings]),
        ("ms of processor", [one.cpu_ms for one in openings]),
    ):
        ordered = sorted(times)
        middle, most = ordered[len(ordered) // 2], ordered[max(0, round(len(ordered) * 0.99) - 1)]
        told += f"; median {middle:.0f}, p99 {most:.0f} {kind}"
    print(f"{told}; worst {worst.wall_ms:.0f} ms ({worst.title})")


if __name__ == "__main__":
    main()
