"""Enroll a learner from the server's side, on the same path as a desktop's click."""

from sqlalchemy import bindparam, select

from lms_server.actions.context import Learner, ServerContext
from lms_server.actions.refusals import Refused
from lms_server.contract.command_json import write_command
from lms_server.contract.commands import OUTCOME_OF, Code, Enroll, Outcome
from lms_server.contract.ids import new_uuid7
from lms_server.contract.rules import CourseFact, may_enroll
from lms_server.contract.schema import courses
from lms_server.contract.sqlite import reading
from lms_server.sentences import sentence
from lms_server.sync.settle import settle

_WHY = {
    Code.COURSE_DRAFT: sentence("The course isn't published. Publish it first."),
    Code.COURSE_DELETED: sentence("The course was deleted. Restore it first."),
    Code.UNKNOWN_COURSE: sentence("There is no such course."),
}


def enroll_user(context: ServerContext, who: Learner, slug: str) -> Code:
    """Enroll a learner in an open course, with a command id made here. Raises Refused (the code of the rule)."""
    with reading(context.engine) as conn:
        row = conn.execute(_COURSE, {"slug_": slug}).one_or_none()
    course = CourseFact(*row) if row else None
    code = may_enroll(course)
    if course is None or code is not Code.OK:
        raise Refused(code, _WHY[code])
    now = context.clock()
    command = write_command(Enroll(new_uuid7(), course.uid, now))
    [result] = settle(context, who, [command], sent_at=now, received_at=now)
    code = Code(result.code)
    if OUTCOME_OF[code] is not Outcome.APPLIED:
        raise Refused(code, _WHY.get(code, code))
    return code


_COURSE = select(courses.c.id, courses.c.uid, courses.c.is_published, courses.c.deleted_at.is_not(None)).where(
    courses.c.slug == bindparam("slug_")
)
