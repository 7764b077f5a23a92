"""``/admin/courses/{slug}``: a course's lessons in order, and its learners."""

from dataclasses import dataclass

import falcon

from lms_server.actions.courses import list_lessons, remove_lesson, restore_lesson
from lms_server.actions.dashboard import list_course_lines, list_learners_of
from lms_server.actions.refusals import Refused
from lms_server.actions.users import find_user
from lms_server.contract.times import to_wire
from lms_server.sentences import Sentence
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, go_on
from lms_server.web.tables import holds, page_of, send_table, wanted


@dataclass(frozen=True)
class AdminCourse:
    """Look at a course; enroll somebody; take a lesson out or put it back."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        self._show(req, resp, slug)

    def on_post(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        form = self.pages.admin_form(req)
        try:
            self._change(slug, form)
        except Refused as refusal:
            self._show(req, resp, slug, refusal.said)
            resp.status = 422
            return
        go_on(resp, f"/admin/courses/{slug}")

    def _change(self, slug: str, form: dict[str, str]) -> None:
        context = self.pages.context
        lesson = form.get("lesson", "")
        if lesson and lesson not in {row.uid for row in list_lessons(context, slug)}:
            raise not_found()
        if form.get("do") == "enroll":
            enroll_user(context, find_user(context, form.get("email", "")).learner, slug)
        elif form.get("do") == "remove":
            remove_lesson(context, lesson)
        elif form.get("do") == "restore":
            restore_lesson(context, lesson)
            sweep(context)

    def _show(self, req: falcon.Request, resp: falcon.Response, slug: str, error: Sentence | None = None) -> None:
        session = self.pages.admin(req)
        context = self.pages.context
        course = next((row for row in list_course_lines(context, open_only=False) if row.slug == slug), None)
        if course is None:
            raise not_found()
        search = wanted(req)
        found = [row for row in list_learners_of(context, slug) if holds(f"{row.name} {row.email}", search)]
        learners, paging = page_of(req, found)
        lessons, lesson_paging = page_of(req, list_lessons(context, slug), "lessons")
        values = {"lessons": lessons, "lesson_paging": lesson_paging, "learners": learners, "paging": paging}
        self.pages.show(resp, "admin/course.html", session, course=course, q=search, error=error, **values)


@dataclass(frozen=True)
class CourseLearnersCsv:
    """``/admin/courses/{slug}/learners.csv``: who is enrolled, and how far they are."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        self.pages.admin(req)
        rows = [
            [one.name, one.email, to_wire(one.enrolled_at)[:10], one.completed, one.certificate or ""]
            for one in list_learners_of(self.pages.context, slug)
        ]
        send_table(resp, f"{slug}.csv", ("name", "email", "enrolled", "lessons", "certificate"), rows)
