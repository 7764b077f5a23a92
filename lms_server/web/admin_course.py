"""``/admin/courses/{slug}``: a course's lessons in order, and its learners."""

from dataclasses import dataclass

import falcon

from lms_server.actions.courses import list_lessons, remove_lesson, restore_lesson
from lms_server.actions.dashboard import list_course_lines, list_learners_of
from lms_server.actions.refusals import Refused
from lms_server.actions.users import find_user
from lms_server.sync.learning import enroll_user
from lms_server.sync.parked import sweep
from lms_server.web.auth import learner_of
from lms_server.web.errors import not_found
from lms_server.web.pages import Pages, read_form


@dataclass(frozen=True)
class AdminCourse:
    """Look at a course; enroll somebody; take a lesson out or put it back."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        self._show(req, resp, slug)

    def on_post(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        session = self.pages.admin(req)
        form = read_form(req)
        self.pages.check_form(req, session, form)
        try:
            self._change(slug, form)
        except Refused as refusal:
            self._show(req, resp, slug, refusal.text)
            resp.status = 422
            return
        resp.status = 303
        resp.location = f"/admin/courses/{slug}"

    def _change(self, slug: str, form: dict[str, str]) -> None:
        context = self.pages.context
        lesson = form.get("lesson", "")
        if lesson and lesson not in {row.uid for row in list_lessons(context, slug)}:
            raise not_found()
        if form.get("do") == "enroll":
            enroll_user(context, learner_of(find_user(context, form.get("email", ""))), slug)
        elif form.get("do") == "remove":
            remove_lesson(context, lesson)
        elif form.get("do") == "restore":
            restore_lesson(context, lesson)
            sweep(context)

    def _show(self, req: falcon.Request, resp: falcon.Response, slug: str, error: str = "") -> None:
        session = self.pages.admin(req)
        context = self.pages.context
        course = next((row for row in list_course_lines(context, open_only=False) if row.slug == slug), None)
        if course is None:
            raise not_found()
        values = {"lessons": list_lessons(context, slug), "learners": list_learners_of(context, slug), "error": error}
        self.pages.show(resp, "admin/course.html", session, course=course, **values)
