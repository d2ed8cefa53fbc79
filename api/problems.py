"""Errors as RFC 9457 problem documents: a stable type, and every violated rule at once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import ceil
from typing import Any, Self
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from api import request_ids, traces
from api.error_catalogue import address_of
from api.wording import explained, sentence
from domain.kernel.errors import (
    CommandIdReusedError,
    NotFoundError,
    RefusedError,
    StaleVersionError,
    VersionConflictError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:csbe:problem:"

log = structlog.get_logger(__name__)


class ProblemDocument(BaseModel):
    """The body of every error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:csbe:problem:refused",
                    "title": "Refused by the rules",
                    "status": 409,
                    "detail": "Close all doors, the boot and the hood.",
                    "help": "/errors#refused",
                    "request_id": "01941f29-7c00-7a3e-8a55-6a1de7b1c012",
                    "violations": [
                        {
                            "code": "vehicle.doors_open",
                            "detail": "Close all doors, the boot and the hood.",
                            "values": {"since": "2027-01-05T12:34:58+00:00"},
                            "help": "/errors#vehicle.doors_open",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    help: str | None = None
    """Where this kind of error is explained, on this server."""
    request_id: str | None = None
    """The number of the request, which the answer has as X-Request-Id too: what to tell support."""
    trace_id: str | None = None
    """The trace that the request is a part of (W3C Trace Context), where it is a part of one."""
    violations: list[dict[str, Any]] | None = None
    """Of a refused command: of each violated rule code, detail, the values it looked at, and where it is explained."""
    errors: list[dict[str, str]] | None = None
    """Of input that does not fit: what is wrong, and where as a JSON pointer."""


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """An error that a route or a dependency answers with."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        detail = sentence(detail)
        self.headers: dict[str, str] = {"WWW-Authenticate": "Bearer"} if status == 401 else dict(headers or {})  # noqa: PLR2004
        self.document = ProblemDocument(type=TYPE_PREFIX + kind, title=title, status=status, detail=detail, **more)

    @classmethod
    def unauthorized(cls, detail: str) -> Self:
        return cls(401, "unauthorized", "Not authenticated", detail)

    @classmethod
    def forbidden(cls, detail: str) -> Self:
        return cls(403, "forbidden", "Not allowed", detail)

    @classmethod
    def not_found(cls, detail: str) -> Self:
        return cls(404, "not-found", "Not found", detail)

    @classmethod
    def invalid(cls, parameter: str, detail: str, *, place: str = "query") -> Self:
        """A parameter that does not fit."""
        return cls.unfit({parameter: detail}, place=place)

    @classmethod
    def unfit(cls, wrong: Mapping[str, str], *, place: str = "query") -> Self:
        """Parameters that do not fit, each with what is wrong with it."""
        errors = [{"detail": sentence(why), "pointer": _pointer((place, name))} for name, why in wrong.items()]
        return cls(422, "invalid-input", "Input does not fit", _summary(errors), errors=errors)

    @classmethod
    def too_many(cls, detail: str, *, wait_s: int) -> Self:
        """Of the same kind within a time: the client waits so many seconds (RFC 6585, 4)."""
        return cls(429, "too-many-requests", "Too many requests", detail, headers={"Retry-After": str(wait_s)})

    @classmethod
    def not_acceptable(cls, detail: str) -> Self:
        """A kind of answer that there is not (RFC 9110, 15.5.7)."""
        return cls(406, "not-acceptable", "Not acceptable", detail)

    @classmethod
    def not_allowed(cls, methods: str) -> Self:
        """A method that an address does not take."""
        detail = f"this address takes {methods}"
        return cls(405, "method-not-allowed", "Method not allowed", detail, headers={"Allow": methods})

    @classmethod
    def come_again(cls, retry_after_s: float) -> Self:
        """Somebody has asked too much: the same, by a limit that says when there is room again."""
        seconds = max(1, ceil(retry_after_s))
        return cls.too_many(f"wait {seconds} seconds, then try again", wait_s=seconds)

    @classmethod
    def unavailable(cls) -> Self:
        """Something outside of us does not answer; what was asked for may have been done."""
        detail = "try again soon; a command under the same Idempotency-Key"
        return cls(503, "unavailable", "Not available now", detail, headers={"Retry-After": "2"})

    @classmethod
    def overloaded(cls) -> Self:
        """More is asked than can be done; nothing was carried out."""
        detail = "nothing was done: try again soon"
        return cls(503, "overloaded", "Too much at once", detail, headers={"Retry-After": "1"})

    @classmethod
    def bad_request(cls, detail: str) -> Self:
        return cls(400, "bad-request", "Bad request", detail)

    def response(self) -> Response:
        """As sent, with the number of the request."""
        number = request_ids.present()
        explained = {"help": address_of(self.document.type.removeprefix(TYPE_PREFIX)), "request_id": number}
        explained["trace_id"] = traces.trace_id()
        body = self.document.model_copy(update=explained).model_dump_json(exclude_none=True)
        numbered = self.headers if number is None else {**self.headers, request_ids.HEADER: number}
        return Response(body, self.document.status, headers=numbered, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of the application answered by a problem document."""
    for error, answer in _ANSWERS.items():
        app.add_exception_handler(error, _answering(answer))


def install_outages(app: FastAPI, outages: Iterable[type[Exception]]) -> None:
    """Have these errors answered as what is outside of us and does not answer."""
    for error in outages:
        app.add_exception_handler(error, _answering(_unavailable))


def _unavailable(request: Request, error: Exception) -> Problem:
    log.warning("something does not answer", path=request.url.path, kind=type(error).__name__)
    return Problem.unavailable()


def _refused(_: Request, error: RefusedError) -> Problem:
    violations = [
        {**rule.model_dump(mode="json"), "detail": sentence(rule.detail), "help": address_of(rule.code)}
        for rule in error.violations
    ]
    detail = " ".join(dict.fromkeys(sentence(rule.detail) for rule in error.violations))
    return Problem(409, "refused", "Refused by the rules", detail, violations=violations)


def _not_found(_: Request, error: NotFoundError) -> Problem:
    return Problem.not_found(f"there is no such {error.what}, or it is another's")


def _conflict(_: Request, _error: VersionConflictError) -> Problem:
    return Problem(409, "conflict", "Changed meanwhile", "others changed it meanwhile: send the request again")


def _stale(_: Request, _error: StaleVersionError) -> Problem:
    return Problem(
        412,
        "precondition-failed",
        "Changed meanwhile",
        "it has changed since you read it: read it again, and decide again",
    )


def _key_reused(_: Request, _error: CommandIdReusedError) -> Problem:
    detail = "this Idempotency-Key came with another request before: use a new one"
    return Problem(422, "idempotency-key-reused", "Key used for another request", detail)


def _invalid(_: Request, error: RequestValidationError) -> Problem:
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return Problem(400, "malformed-json", "Not JSON", "the body is not valid JSON in UTF-8")
    errors = [{"detail": sentence(why), "pointer": _pointer(where)} for where, why in explained(error)]
    return Problem(422, "invalid-input", "Input does not fit", _summary(errors), errors=errors)


def _http(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 400:  # noqa: PLR2004 (FastAPI could not read the body: not UTF-8, or nested too deep)
        return Problem(400, "malformed-json", "Not JSON", "the body is not valid JSON in UTF-8")
    if methods := _other_methods(request):
        return Problem.not_allowed(methods)
    if error.status_code == 405:  # noqa: PLR2004 (of the pages' files)
        return Problem.not_allowed("GET, HEAD")
    kind = {404: "not-found"}.get(error.status_code, "http")
    detail = (
        "there is nothing at this address" if kind == "not-found" else f"the request cannot be answered: {error.detail}"
    )
    return Problem(error.status_code, kind, str(error.detail), detail, headers=error.headers)


def _other_methods(request: Request) -> str:
    """What an address takes whose routes do not know the method: the pages' files, tried last, would say 404."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
    methods = {method for route in here for method in route.methods or ()}
    return (
        ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))) if request.method not in methods else ""
    )


def _unexpected(request: Request, error: Exception) -> Problem:
    number = request_ids.present() or str(uuid4())
    log.error("request failed", request_id=number, path=request.url.path, exc_info=error)
    return Problem(500, "internal", "Something broke", f"this is our fault: tell support the number {number}")


_Answer = Callable[[Request, Any], Problem]  # each takes its own error
_ANSWERS: dict[type[Exception], _Answer] = {
    Problem: lambda _, error: error,
    RefusedError: _refused,
    NotFoundError: _not_found,
    VersionConflictError: _conflict,
    StaleVersionError: _stale,
    CommandIdReusedError: _key_reused,
    RequestValidationError: _invalid,
    HTTPException: _http,
    Exception: _unexpected,
}


def _answering(answer: _Answer) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        return answer(request, error).response()

    return handler


def _pointer(location: tuple[int | str, ...]) -> str:
    return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _summary(errors: list[dict[str, str]]) -> str:
    return " ".join(f"{error['pointer']}: {error['detail']}" for error in errors[:5])
