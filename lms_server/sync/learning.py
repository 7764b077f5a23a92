"""What a learner can do, done from the server's side on the same path as a desktop's click."""

from sqlalchemy import select

from lms_server.actions.context import Learner, ServerContext
from lms_server.actions.refusals import Refused
from lms_server.contract.commands import OUTCOME_OF, Code, CompleteLesson, Enroll, Outcome
from lms_server.contract.ids import new_uuid7
from lms_server.contract.rules import CourseFact, may_enroll
from lms_server.contract.schema import courses
from lms_server.contract.sqlite import reading
from lms_server.contract.wire import write_command
from lms_server.sentences import sentence
from lms_server.sync.settle import settle

_WHY = {
    Code.COURSE_DRAFT: sentence("The course isn't published. Publish it first."),
    Code.COURSE_DELETED: sentence("The course was deleted. Restore it first."),
    Code.UNKNOWN_COURSE: sentence("There is no such course."),
    Code.UNKNOWN_LESSON: sentence("There is no such lesson."),
    Code.NOT_ENROLLED: sentence("The learner isn't enrolled in this course."),
}


def enroll_user(context: ServerContext, who: Learner, slug: str) -> Code:
    """Enroll a learner in an open course, with a command id made here. Raises Refused (the code of the rule)."""
    with reading(context.engine) as conn:
        query = select(courses.c.id, courses.c.uid, courses.c.is_published, courses.c.deleted_at.is_not(None))
        row = conn.execute(query.where(courses.c.slug == slug)).one_or_none()
    course = CourseFact(*row) if row else None
    code = may_enroll(course)
    if course is None or code is not Code.OK:
        raise Refused(code, _WHY[code])
    return _settle_one(context, who, Enroll(new_uuid7(), course.uid, context.clock()))


def complete_lesson(context: ServerContext, who: Learner, lesson_uid: str) -> Code:
    """Complete a lesson for a learner, as a click would. Raises Refused (the code of the rule)."""
    return _settle_one(context, who, CompleteLesson(new_uuid7(), lesson_uid, context.clock()))


def _settle_one(context: ServerContext, who: Learner, command: Enroll | CompleteLesson) -> Code:
    now = context.clock()
    [result] = settle(context, who, [write_command(command)], sent_at=now, received_at=now)
    code = Code(result.code)
    if OUTCOME_OF[code] is not Outcome.APPLIED:
        raise Refused(code, _WHY.get(code, code))
    return code
