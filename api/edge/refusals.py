"""Answers that are written to a connection before the application has heard of the request."""

from contextvars import copy_context

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api import request_ids
from api.edge.headers import safe
from api.problems import Problem


def head_and_body(problem: Problem, number: str, *, https_only: bool) -> tuple[bytes, bytes]:
    """The head without the blank line at its end, for what is to be said of the connection, and the body."""
    answer = copy_context().run(_numbered, problem, number)
    headers = safe(answer.status_code, answer.raw_headers, personal=True, https_only=https_only)
    return STATUS_LINE[answer.status_code] + b"".join(b"%b: %b\r\n" % header for header in headers), bytes(answer.body)


def _numbered(problem: Problem, number: str) -> Response:
    request_ids.begin(number)
    return problem.response()
