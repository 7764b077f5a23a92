"""A server and a laptop as people start them: programs of their own, told what to do by their command lines."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "resources" / "sample-course"
ADMIN = ("admin@example.org", "Ada Admin", "a password for the admin")
LEARNER = ("ana@example.org", "Ana Moreno", "a password for Ana")


class CommandFailed(Exception):
    """A command line ended otherwise than it should."""


class Program:
    """One of the two programs with its own folder."""

    def __init__(self, module, option, folder):
        self.call = [sys.executable, "-m", module, option, str(folder)]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}

    def run(self, *arguments, typed="", code=0):
        """Run one command to its end; returns what it printed."""
        call = [*self.call, *map(str, arguments)]
        done = subprocess.run(
            call, cwd=ROOT, env=self.environment, input=typed, capture_output=True, text=True, check=False
        )
        if done.returncode != code:
            raise CommandFailed(f"{arguments}: exit code {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments, code=0):
        """Run one command with --json; returns the document."""
        return json.loads(self.run(*arguments, "--json", code=code))


class Laptop(Program):
    """``lms-desktop`` without its window."""

    def __init__(self, home):
        super().__init__("lms_desktop", "--home", home)
        self.home = Path(home)

    def login(self, url, person=LEARNER, code=0):
        self.run("login", "--server", url, "--email", person[0], "--password-stdin", typed=f"{person[2]}\n", code=code)


class Server(Program):
    """``lms-server`` with its data folder; ``start`` and ``stop`` are the network's on and off."""

    def __init__(self, data):
        super().__init__("lms_server", "--data", data)
        self.data = Path(data)
        self.process = None
        self.url = ""
        self.port = 0

    def furnish(self):
        """A new server with an admin, a learner and the sample course."""
        self.data.mkdir(parents=True, exist_ok=True)
        name, admin = ("--name", "Hillside Library"), ("--admin-email", ADMIN[0], "--admin-name", ADMIN[1])
        self.run("init", *name, *admin, "--password-stdin", typed=f"{ADMIN[2]}\n")
        self.run("user", "add", LEARNER[0], "--name", LEARNER[1], "--password-stdin", typed=f"{LEARNER[2]}\n")
        self.run("course", "import", COURSE, "--publish")

    def start(self):
        """Serve, on the port of the last time; comes back when it answers."""
        with (self.data / "serve.log").open("ab") as log:
            call = [*self.call, "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(
                call, cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=log
            )
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[-1]
                self.port = int(self.url.rpartition(":")[2])
                return
        raise CommandFailed((self.data / "serve.log").read_text())

    def stop(self):
        """As an administrator's service manager would; whether it ended by itself, and well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.process.stdout.close()
            self.process.kill()
            self.process = None

    def mails(self):
        """The mails that lie in the mail folder."""
        return sorted((self.data / "mail").rglob("new/*"))
