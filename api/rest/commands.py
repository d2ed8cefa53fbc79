"""What every route that gives a command shares: idempotency, who asks, the position to read one's own write."""

import re
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import TypeAdapter

from api import request_ids, traces
from api.auth import Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.routing import Answers
from api.rest.schemas.base import Accepted
from api.system import System
from domain.dispatcher import CommandResult
from domain.kernel.messages import Actor, Command, Metadata

A = TypeVar("A", bound=Accepted)

MAX_KEY_LENGTH = 200
_id: TypeAdapter[UUID] = TypeAdapter(UUID)
_VERSION = re.compile(r'"(\d{1,18})(?:\.[0-9a-f]{1,64})?"')
"""The version in an ETag of ours, with or without the digest of what was shown with it."""


async def system(request: Request) -> System:
    """The system behind this application."""
    found: System = request.app.state.system
    return found


InSystem = Annotated[System, Depends(system)]
Key = Annotated[
    str | None, Header(description="Any text of your own, unique per request; a UUID is best.", examples=["my-1"])
]
ExpectedVersion = Annotated[
    str | None,
    Header(
        description="The ETag of what is to be changed, to change nothing newer.", examples=['"3.5f1d0c2b9a8e7f6d4c"']
    ),
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
        return await self.send(command, about, self.metadata(command, by))

    async def create(self, command: Command, by: Caller, *, among: str) -> Accepted:
        """Dispatch a command that makes something; the answer names its address, `among` others of its kind."""
        done = await self(command, getattr(command, command.CREATES or ""), by)
        return self.made(done, among=among)

    def made(self, done: A, *, among: str) -> A:
        """Put the address of what was made on the answer."""
        self.response.headers["Location"] = f"{among}/{done.id}"
        return done

    async def send(self, command: Command, about: UUID, metadata: Metadata) -> Accepted:
        """The same for any metadata."""
        done = await self.carry_out(command, about, metadata)
        id = about if command.CREATES is None else _id.validate_json(done.value or "")
        return Accepted(id=id, position=done.position, repeated=done.repeated)

    def metadata(self, command: Command, by: Caller) -> Metadata:
        """Who asks, under an id by which a repetition is recognised."""
        asker = {"service": by.service, "role": by.role, "asker": by.subject}
        id = self.system.command_ids.of(**asker, command=command.NAME, key=self.key)
        return asked_for(command, id, by.actor, by.service)

    async def carry_out(self, command: Command, about: UUID, metadata: Metadata) -> CommandResult:
        """The same, with the handler's own answer."""
        expected = None if self.version is None else {about: self.version}
        done = await self.system.dispatcher.dispatch(command, metadata, expected=expected)
        self.response.headers["X-CSBE-Position"] = str(done.position)
        return done


def asked_for(command: Command, id: UUID, actor: Actor, service: str) -> Metadata:
    """Who asks, under an id, as a part of the request that is being answered and of its trace."""
    number = request_ids.present()
    return Metadata.of(
        command,
        id=id,
        actor=actor,
        service=service,
        correlation_id=new_id() if number is None else request_ids.correlation_of(number),
        traceparent=traces.present(),
    )


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


TAGGED: Answers = {
    200: {
        "headers": {
            "ETag": {
                "description": "The version of what is shown, for If-Match, and a digest of it, for If-None-Match.",
                "schema": {"type": "string"},
                "example": '"3.5f1d0c2b9a8e7f6d4c"',
            }
        }
    }
}
"""What the description of a route says whose answer names its version."""


def tag(response: Response, version: int) -> None:
    """Name the version of what an answer shows: its ETag."""
    response.headers["ETag"] = f'"{version}"'
