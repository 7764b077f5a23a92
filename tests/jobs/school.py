"""A school whose server is backed up, restored, rolled back and moved, with learners whose laptops remember."""

import shutil

from sqlalchemy import select

from lms_server.actions.work import build_worker
from lms_server.contract.sqlite import reading, writing
from lms_server.database.clock import database_now
from lms_server.database.tables import jobs, server
from lms_server.jobs.certificate_mails import list_mails, resend
from lms_server.jobs.holds import release
from lms_server.jobs.journal import Journal
from lms_server.operate.backup import write_backup
from lms_server.operate.restore import restore_backup
from lms_server.settings import read_settings
from tests.world import Laptop, World


class School:
    """A server with a mail server, and three learners with a laptop each."""

    def __init__(self, tmp_path, mail_server, database=None):
        self.folder, self.script, self.url = tmp_path, mail_server.script, mail_server.url
        self.world = World(tmp_path / "server", database)
        self.settings = read_settings({}, self.world.folder, database)
        self.world.identity.write(self.settings.identity_file)
        self.course, self.other = self.world.course(count=1), self.world.course("water", count=1)
        self.copy = tmp_path / "copy"
        self.learners = [self.world.learner(f"{name}@example.org", name.title()) for name in ("ana", "ben", "chloe")]
        self.laptops = []
        for learner in self.learners:
            self.laptop(learner).sync()

    def laptop(self, learner):
        made = Laptop(self.world, learner, self.folder / f"laptop{len(self.laptops)}" / "profile")
        self.laptops.append(made)
        return made

    @property
    def journal(self):
        return self.settings.journal_file

    def finish(self, laptop, course=None):
        course = course or self.course
        laptop.store.enroll(course.uid)
        laptop.store.complete(course.lessons[0])
        laptop.sync()

    def work(self):
        build_worker(self.world.context, self.url, self.journal).run_once()

    def back_up(self, name):
        return write_backup(self.settings, self.folder / f"{name}.backup").path

    def restore(self, backup):
        """As the admin does who says so."""
        self.world.engine.dispose()
        restore_backup(self.settings, backup)
        self._sign_in()

    def move(self, backup):
        """The disk dies, and a backup makes the server again on a new machine."""
        self.world.engine.dispose()
        shutil.rmtree(self.world.folder)
        self.restore(backup)

    def keep_copy(self):
        self.world.engine.dispose()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.world.folder, self.copy)

    def roll_back(self):
        """Somebody puts an old copy of the whole folder back, and says nothing."""
        self.world.engine.dispose()
        shutil.rmtree(self.world.folder)
        shutil.copytree(self.copy, self.world.folder)
        self._sign_in()

    def _sign_in(self):
        for laptop in self.laptops:
            laptop.token = self.world.token(laptop.learner)

    def states(self):
        """The states of each learner's mails, the oldest first."""
        with reading(self.world.engine) as conn:
            found = {}
            for mail in list_mails(conn):
                found.setdefault(mail.to.partition("@")[0], []).append(mail.state)
            return found

    def reasons(self):
        with reading(self.world.engine) as conn:
            return [reason for reason in conn.execute(select(jobs.c.reason)).scalars() if reason]

    def let_go(self):
        with writing(self.world.engine) as conn:
            return release(conn, Journal(self.journal), database_now(conn))

    def send_again(self, state):
        """As the admin does with each mail that is in this state."""
        with writing(self.world.engine) as conn:
            for mail in [mail for mail in list_mails(conn) if mail.state == state]:
                resend(conn, Journal(self.journal), mail.certificate, database_now(conn))

    def received(self):
        return sorted(to.partition("@")[0] for _, [to] in self.script.envelopes)

    def epoch(self):
        with reading(self.world.engine) as conn:
            return conn.execute(select(server.c.epoch)).scalar_one()

    def close(self):
        for laptop in self.laptops:
            laptop.close()
        self.world.close()
