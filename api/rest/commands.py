"""What every route that gives a command shares: idempotency, who asks, the position to read one's own write."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import TypeAdapter

from api.auth import Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.schemas.base import Accepted
from api.system import System
from domain.dispatcher import CommandResult
from domain.kernel.messages import Command, Metadata

Route = TypeVar("Route", bound=Callable[..., Awaitable[object]])

MAX_KEY_LENGTH = 200
_id: TypeAdapter[UUID] = TypeAdapter(UUID)
_VERSION = re.compile(r'"(\d{1,18})"')


class CommandRouter(APIRouter):
    """The routes of a context. One that gives a command is described by it, so that its sentence is written once."""

    def command(self, path: str, command: type[Command], *, status_code: int = 200) -> Callable[[Route], Route]:
        """A POST that gives such a command. What only HTTP needs to know stands in the docstring of the route."""

        def described(route: Route) -> Route:
            texts = (cleandoc(text) for text in (command.__doc__, route.__doc__) if text)
            return self.post(path, status_code=status_code, description=" ".join(texts))(route)

        return described


async def system(request: Request) -> System:
    """The system behind this application."""
    found: System = request.app.state.system
    return found


InSystem = Annotated[System, Depends(system)]
Key = Annotated[
    str | None, Header(description="Any text of your own, unique per request; a UUID is best.", examples=["my-1"])
]
ExpectedVersion = Annotated[
    str | None, Header(description="The ETag of what is to be changed, to change nothing newer.", examples=['"3"'])
]


@dataclass(frozen=True)
class Commands:
    """What a route needs to give a command: the request's key, the system, and the answer to put the position on.

    With the `version` that the caller has seen, only while what it is about is at it.
    """

    key: str
    system: System
    response: Response
    version: int | None = None

    async def __call__(self, command: Command, about: UUID, by: Caller) -> Accepted:
        """Dispatch a caller's command; answer with the id of what it makes, or else of what it is about.

        Raises `StaleVersionError` when that has changed since.
        """
        return await self.send(command, about, metadata_of(command, by, self.key, self.system))

    async def send(self, command: Command, about: UUID, metadata: Metadata) -> Accepted:
        """The same for any metadata."""
        done = await self.carry_out(command, about, metadata)
        id = about if command.CREATES is None else _id.validate_json(done.value or "")
        return Accepted(id=id, position=done.position, repeated=done.repeated)

    async def carry_out(self, command: Command, about: UUID, metadata: Metadata) -> CommandResult:
        """The same, with the handler's own answer."""
        expected = None if self.version is None else {about: self.version}
        done = await self.system.dispatcher.dispatch(command, metadata, expected=expected)
        self.response.headers["X-CSBE-Position"] = str(done.position)
        return done


def metadata_of(command: Command, by: Caller, key: str, system: System) -> Metadata:
    """Who asks, under an id by which a repetition is recognised."""
    asker = {"service": by.service, "role": by.role, "asker": by.subject}
    id = system.command_ids.of(**asker, command=command.NAME, key=key)
    return Metadata.of(command, id=id, actor=by.actor, service=by.service, correlation_id=new_id())


async def commands_of(request: Request, response: Response, idempotency_key: Key = None) -> Commands:
    """Made by a coroutine, since FastAPI runs anything else, such as the class itself, in another thread.

    It reads headers itself: each dependency of a dependency costs a request as much as a small command does.
    """
    return Commands(_key(idempotency_key), request.app.state.system, response)


async def conditional_commands_of(
    request: Request, response: Response, idempotency_key: Key = None, if_match: ExpectedVersion = None
) -> Commands:
    """The same for a command that changes what is there: with If-Match, only the version that the caller has seen."""
    return Commands(_key(idempotency_key), request.app.state.system, response, _version(if_match))


def _key(header: str | None) -> str:
    """The request's key, quoted or bare (draft-ietf-httpapi-idempotency-key-header). It is remembered for ever."""
    key = (header or "").strip().strip('"')
    if not key or len(key) > MAX_KEY_LENGTH:
        raise Problem.bad_request(f"send an Idempotency-Key header of 1 to {MAX_KEY_LENGTH} characters")
    return key


def _version(header: str | None) -> int | None:
    """The version that the caller has seen (RFC 9110, 13.1.1); none when any will do."""
    if header is None or header.strip() == "*":
        return None
    found = _VERSION.fullmatch(header.strip())
    if found is None:
        raise Problem.bad_request('send an ETag of ours as If-Match, such as "3", or leave the header out')
    return int(found[1])


Dispatch = Annotated[Commands, Depends(commands_of)]
DispatchIfMatch = Annotated[Commands, Depends(conditional_commands_of)]


TAGGED: dict[int | str, dict[str, Any]] = {  # FastAPI's type of additional answers
    200: {
        "headers": {
            "ETag": {
                "description": "The version of what is shown, for If-Match.",
                "schema": {"type": "string"},
                "example": '"3"',
            }
        }
    }
}
"""What the description of a route says whose answer names its version."""


def tag(response: Response, version: int) -> None:
    """Name the version of what an answer shows: its ETag."""
    response.headers["ETag"] = f'"{version}"'
