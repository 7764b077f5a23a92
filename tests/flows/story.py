"""The whole story with real parts: a server process, the real window, the network cut, a certificate, one mail.

``python -m tests.flows.story --headless`` drives the window offscreen and leaves pictures, PDF, mail and a summary.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtTest import QTest

from lms_desktop.app import Desk, open_window
from lms_desktop.settings import Home
from lms_desktop.store.rows import BadgeState
from lms_desktop.ui.compose import make_application
from lms_desktop.ui.pages.catalog_list import CourseList
from tests.flows.hands import LEFT, Hands
from tests.flows.place import ADMIN, LEARNER, Laptop, Server
from tests.wait import until


@dataclass(frozen=True)
class Step:
    """One step as it went."""

    name: str
    measured: str
    took_s: float
    failed: str = ""


class Story:
    """Tells the steps in order; each is a method that returns what it measured, and raises when it didn't work."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.work = Path(tempfile.mkdtemp(prefix="lms-story-"))
        self.server = Server(self.work / "server")
        self.home = Home(self.work / "laptop")
        self.desk = self.window = self.hands = None
        self.told = []

    def tell(self):
        """Go through all steps until one fails; returns whether none did."""
        try:
            is_good = all(self._take(step) for step in self.steps())
        finally:
            self._leave()
        self._summarise()
        return is_good

    def steps(self):
        return (
            self.server_starts_with_a_course,
            self.app_opens,
            self.learner_signs_in,
            self.learner_enrolls,
            self.course_is_downloaded,
            self.network_is_cut,
            self.lessons_are_completed_offline,
            self.app_is_closed_and_opened_again,
            self.everything_is_sent,
            self.certificate_is_here,
            self.one_mail_lies_in_the_folder,
            self.server_finds_nothing_wrong,
        )

    def server_starts_with_a_course(self):
        self.server.furnish()
        began = time.perf_counter()
        self.server.start()
        return f"answers after {_ms(began)}"

    def app_opens(self):
        began = time.perf_counter()
        self._open()
        self._picture("first-start")
        return f"first window after {_ms(began)}"

    def learner_signs_in(self):
        self.hands.type("Address of the server", self.server.url)
        self.hands.click("Continue")
        self.hands.type("E-mail", LEARNER[0])
        self.hands.type("Password", LEARNER[2])
        began = time.perf_counter()
        self.hands.click("Sign in")
        self.hands.wait(lambda: self.shelf is not None, "a signed-in learner")
        self.hands.wait(lambda: self.shelf.views.catalog().courses, "the catalog")
        took = _ms(began)
        self._picture("signed-in")
        return f"{self.shelf.learner.name} has the catalog after {took}"

    def learner_enrolls(self):
        self.hands.click("Catalog")
        courses = self.hands.wait(lambda: self.hands.visible(CourseList), "the list of courses")
        self.hands.wait(lambda: courses.model().rowCount(), "a course in the list")
        self._picture("catalog")
        place = courses.card_box(courses.visualRect(courses.model().index(0, 0)))
        QTest.mouseClick(courses.viewport(), LEFT, pos=place.center())
        began = time.perf_counter()
        self.hands.click("Enroll as Ana")
        self.hands.wait(lambda: self._course().is_enrolled, "the enrollment")
        took = _ms(began)
        self.hands.wait(lambda: self.shelf.views.badge().state is BadgeState.SENT, "the server's word")
        self._picture("course")
        return f"saved {took} after the click"

    def course_is_downloaded(self):
        began = time.perf_counter()
        if self._course().bytes_here < self._course().bytes_total:
            self.hands.click("Download, ")
        self.hands.wait(lambda: self._course().bytes_here == self._course().bytes_total > 0, "all of the course")
        return f"{self._course().bytes_total:,} bytes after {_ms(began)}"

    def network_is_cut(self):
        self.server.stop()
        return "the server is stopped"

    def lessons_are_completed_offline(self):
        saved = []
        self.hands.click("Start")
        lessons = self.shelf.views.course(self._course().uid).lessons
        for number, lesson in enumerate(lessons):
            if number:
                self.hands.click("Next: ")
            self.hands.wait(lambda uid=lesson.uid: self.window.route().argument == uid, lesson.title)
            button = self.hands.wait(lambda: self.hands.find("Complete as Ana"), "the button Complete")
            if number in {0, 3}:
                self._picture(f"lesson-{number + 1}")
            began = time.perf_counter()
            QTest.mouseClick(button, LEFT)
            self.hands.wait(lambda: self.hands.find("Completed by Ana"), "the word Completed")
            saved.append((time.perf_counter() - began) * 1000)
        self.hands.press("Ctrl+5")
        self._picture("waiting-to-be-sent")
        assert self._course().completed == len(lessons), "every lesson is complete"
        assert self.shelf.views.badge().pending >= len(lessons), "all of it waits"
        return f"{len(saved)} lessons; click to “Completed” median {sorted(saved)[len(saved) // 2]:.0f} ms"

    def app_is_closed_and_opened_again(self):
        before = (self._course().completed, self.shelf.views.badge().pending)
        self._close()
        self._open()
        after = (self._course().completed, self.shelf.views.badge().pending)
        assert before == after, f"{before} became {after}"
        self._picture("opened-again-offline")
        return f"{after[0]} lessons done, {after[1]} pieces of work waiting, as before"

    def everything_is_sent(self):
        waiting = self.shelf.views.badge().pending
        self.server.start()
        began = time.perf_counter()
        self.hands.press("F5")
        self.hands.wait(lambda: self.shelf.views.badge().state is BadgeState.SENT, "“All work sent”")
        assert self.shelf.views.badge().pending == 0
        return f"{waiting} pieces of work after {_ms(began)}"

    def certificate_is_here(self):
        self.hands.wait(lambda: any(row.file for row in self._certificates()), "the certificate's file")
        (certificate,) = self._certificates()
        self.hands.click("Certificates")
        QTest.qWait(400)
        self._picture("certificate")
        kept = self.folder / "certificate.pdf"
        shutil.copyfile(certificate.file, kept)
        facts = self.server.json("certificate", "verify", kept)
        assert facts["uuid"] == certificate.uuid
        return f"one PDF of {kept.stat().st_size:,} bytes, signature in order"

    def one_mail_lies_in_the_folder(self):
        mails = until(self.server.mails, "the mail")
        time.sleep(1)
        mails = self.server.mails()
        assert len(mails) == 1, f"{len(mails)} mails"
        shutil.copyfile(mails[0], self.folder / "mail.eml")
        return f"one mail of {mails[0].stat().st_size:,} bytes for {LEARNER[0]}"

    def server_finds_nothing_wrong(self):
        checks = self.server.json("doctor")["checks"]
        assert len(self.server.json("certificate", "list")) == 1
        return f"{len(checks)} checks"

    # Parts of steps

    @property
    def shelf(self):
        return self.window._shelf  # what the window shows is what a learner has

    def _course(self):
        return self.shelf.views.catalog().courses[0]

    def _certificates(self):
        return self.shelf.views.certificates().certificates

    def _open(self):
        self.desk = Desk(self.home)
        self.window = open_window(self.desk)
        self.window.resize(1280, 800)
        self.window.show()
        self.hands = Hands(self.window)
        QTest.qWaitForWindowExposed(self.window)

    def _close(self):
        self.window.close()
        self.desk.close()
        self.window.deleteLater()
        QTest.qWait(10)
        self.window = self.desk = None

    def _picture(self, name):
        number = len(list(self.folder.glob("*.png"))) + 1
        self.hands.picture(self.folder / f"{number:02}-{name}.png")

    def _take(self, step):
        name = step.__name__.replace("_", " ")
        began = time.perf_counter()
        try:
            done = Step(name, step(), time.perf_counter() - began)
        except Exception as trouble:  # noqa: BLE001 - a step that fails is told like one that works
            traceback.print_exc()
            done = Step(name, "", time.perf_counter() - began, f"{type(trouble).__name__}: {trouble}")
        self.told.append(done)
        word = "FAILED" if done.failed else "ok"
        print(f"{len(self.told):2}. {name}: {word}. {done.failed or done.measured}", flush=True)
        return not done.failed

    def _leave(self):
        if self.window is not None:
            self._close()
        self.server.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def _summarise(self):
        rows = [
            f"| {number} | {step.name} | {step.failed or step.measured} | {step.took_s:.1f} s |"
            for number, step in enumerate(self.told, 1)
        ]
        missing = len(self.steps()) - len([step for step in self.told if not step.failed])
        result = "Every step worked." if not missing else f"{missing} of {len(self.steps())} steps did not work."
        head = ("# The story", "", f"{result} {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", "")
        table = ("| | step | measured | took |", "|---|---|---|---|", *rows)
        (self.folder / "summary.md").write_text("\n".join((*head, *table, "")), "utf-8")


def show(folder):
    """Open the app for a person, signed in as the demo's learner; it ends with the window."""
    server, laptop = Server(folder / "server"), Laptop(folder / "laptop")
    try:
        if not server.data.exists():
            server.furnish()
        server.start()
        # Each time: the port, and with it the address, may be another one.
        laptop.login(server.url)
        laptop.run("sync")
        print(f"The app opens, signed in as {LEARNER[1]}; the demo ends with its window.", flush=True)
        print(f"  server   {server.url}", flush=True)
        print(f"  learner  {LEARNER[0]}, password: {LEARNER[2]}", flush=True)
        print(f"  admin    {ADMIN[0]}, password: {ADMIN[2]}, in a browser: {server.url}/admin", flush=True)
        print(f"  files    {folder}", flush=True)
        return subprocess.run(laptop.call, env=laptop.environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()


def main():
    """Show it to a person, or drive it without a screen; the exit code says whether every step worked."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description="Show what the programs do.")
    parser.add_argument(
        "--headless", action="store_true", help="drive the window without a screen, even if there is one"
    )
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="where pictures and files are left")
    given = parser.parse_args()
    has_screen = (
        os.name == "nt" or sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if has_screen and not given.headless:
        return show(given.folder.absolute())
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = make_application(["lms-desktop"])
    is_good = Story(given.folder).tell()
    print(f"{'Every step worked' if is_good else 'A step FAILED'}. Pictures, PDF and mail: {given.folder.absolute()}")
    app.quit()
    return 0 if is_good else 1


def _ms(began):
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
