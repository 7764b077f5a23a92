"""Every error as ``application/problem+json`` (RFC 9457) with a stable ``code``; nothing unexpected goes unlogged."""

import logging
from typing import Any

import falcon
import msgspec

from lms_server.actions.refusals import Refused
from lms_server.actions.trouble import diagnose
from lms_server.contract.strict import BadJson
from lms_server.sentences import Sentence, sentence
from lms_server.sync import EnvelopeRefused

log = logging.getLogger(__name__)

TYPE = "application/problem+json"

_STATUS_OF_REFUSAL = {
    "email_taken": 409,
    "wrong_server": 409,
    "wrong_user": 403,
    "update_needed": 426,
    "too_many_commands": 413,
    "sign_in_needed": 401,
    "bad_name": 422,
    "bad_email": 422,
    "bad_password": 422,
}
_UNAVAILABLE = {
    "busy": sentence("The server is busy; try again in a moment."),
    "storage_full": sentence("The server's disk is full; everything sent so far is safe."),
    "storage_trouble": sentence("The server's storage can't be used at the moment."),
}


class Problem(falcon.HTTPError):
    """An answer that says no: ``code`` for programs, ``text`` for people, in English unless a page says it."""

    def __init__(self, status: int, code: str, text: str | Sentence, retry_after_s: int | None = None) -> None:
        headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
        super().__init__(status, title=str(text), headers=headers)
        self.problem = code
        self.said = text


def not_found() -> Problem:
    """The one answer for what isn't there and for what isn't yours: they can't be told apart."""
    return Problem(404, "not_found", "There is nothing here.")


def problem_of(error: Exception) -> Problem:
    """The answer that fits an exception; what nobody expected is logged with its traceback."""
    if isinstance(error, falcon.HTTPError):
        return error if isinstance(error, Problem) else _of_falcon(error)
    if isinstance(error, BadJson):
        return Problem(400, "bad_json", str(error))
    if isinstance(error, Refused | EnvelopeRefused):
        said = error.said if isinstance(error, Refused) else str(error)
        return Problem(_STATUS_OF_REFUSAL.get(error.code, 409), error.code, said)
    trouble = diagnose(error)
    if trouble is not None:
        if trouble.code == "storage_trouble":
            log.warning("the database can't be used: %s", error)
        return Problem(503, trouble.code, _UNAVAILABLE[trouble.code], trouble.retry_after_s)
    log.error("a request failed", exc_info=error)
    return Problem(500, "internal", "Something went wrong on the server; it was written to its log.")


def write_problem(resp: falcon.Response, problem: Problem, server_id: str) -> None:
    """Fill an answer with the problem."""
    resp.status = problem.status
    for name, value in _headers(problem).items():
        resp.set_header(name, value)
    resp.content_type = TYPE
    resp.data = msgspec.json.encode(
        {
            "type": "about:blank",
            "title": problem.title,
            "status": problem.status_code,
            "code": problem.problem,
            "server_id": server_id,
        }
    )


def _headers(problem: Problem) -> dict[str, str]:
    headers: Any = problem.headers or {}
    if problem.status_code == 401:
        return {**headers, "WWW-Authenticate": 'Bearer realm="lms"'}
    return dict(headers)


def _of_falcon(error: falcon.HTTPError) -> Problem:
    if error.status_code == 404:
        return not_found()
    codes = {405: "method_not_allowed", 413: "too_large", 416: "range_not_satisfiable"}
    problem = Problem(error.status_code, codes.get(error.status_code, "bad_request"), error.title or "Bad request")
    problem.headers = error.headers
    return problem
