"""What every route that gives a command shares: idempotency, who asks, the position to read one's own write."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import structlog
from fastapi import Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator

from api.auth import Caller
from api.problems import Problem
from api.system import Row, System
from domain.kernel.ids import CommandId, derived_id
from domain.kernel.messages import Actor, Command, Metadata

MAX_KEY_LENGTH = 200


LAST_POSITION = 2**63 - 1
LogPosition = Annotated[int, Query(ge=0, le=LAST_POSITION)]
"""A position of the log, as the database can hold it."""
Word = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]
"""A short text that the database can hold."""


class Body(BaseModel):
    """Base of all request bodies. PostgreSQL cannot hold the character NUL, so no text may have it."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            raise ValueError("must not have the character NUL")
        return value


class Accepted(BaseModel):
    """The answer to a command: what it is about, the position of its last event, whether it was done before."""

    id: UUID
    position: int
    repeated: bool = False


async def system(request: Request) -> System:
    """The system behind this application."""
    found: System = request.app.state.system
    return found


async def idempotency_key(
    idempotency_key: Annotated[
        str | None, Header(description="Any text of your own, unique per request; a UUID is best.")
    ] = None,
) -> str:
    """The request's key, quoted or bare (draft-ietf-httpapi-idempotency-key-header). It is remembered for ever."""
    key = (idempotency_key or "").strip().strip('"')
    if not key or len(key) > MAX_KEY_LENGTH:
        raise Problem.bad_request(f"send an Idempotency-Key header of 1 to {MAX_KEY_LENGTH} characters")
    return key


InSystem = Annotated[System, Depends(system)]
Key = Annotated[str, Depends(idempotency_key)]


def new_id(caller: Caller | None, key: str, kind: str) -> UUID:
    """The id of what a creating request makes: the same for the same caller and key."""
    return derived_id(kind, *((caller.service, caller.subject) if caller else ("anybody",)), key)


@dataclass(frozen=True)
class Giving:
    """What a route needs to give a command: the request's key, the system, and the answer to put the position on."""

    key: Key
    system: InSystem
    response: Response

    async def __call__(self, command: Command, about: UUID, by: Caller) -> Accepted:
        """Give a caller's command to the dispatcher; answer with the id of what it is about."""
        return await self.for_actor(command, about, by.actor, by.service)

    async def for_actor(self, command: Command, about: UUID, actor: Actor, service: str) -> Accepted:
        """The same for somebody who has no token yet."""
        metadata = Metadata(
            command_id=CommandId(derived_id("rest", service, actor.role, actor.id, command.NAME, self.key)),
            command=command.NAME,
            actor=actor,
            service=service,
            correlation_id=uuid4(),
        )
        with structlog.contextvars.bound_contextvars(
            command_id=str(metadata.command_id), command=command.NAME, correlation_id=str(metadata.correlation_id)
        ):
            answered = await self.system.dispatcher.dispatch(command, metadata)
        self.response.headers["X-CSBE-Position"] = str(answered.position)
        return Accepted(id=about, position=answered.position, repeated=answered.repeated)


Give = Annotated[Giving, Depends()]


@dataclass(frozen=True)
class Page:
    """Which part of a list, newest first: before a time, at most so many, from read models at a position or later."""

    cursor: AwareDatetime | None = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    at_least: LogPosition | None = None

    def next(self, rows: list[Row], order: str) -> str | None:
        """The cursor of the page after these rows; none when they are the last."""
        return rows[-1][order].isoformat() if len(rows) == self.limit else None


InPage = Annotated[Page, Depends()]


async def caught_up(system: System, at_least: int | None) -> None:
    """Wait until the read models have reached a position. Raises `Problem` 503 when that takes too long."""
    if at_least is not None and not await system.wait_until(at_least):
        raise Problem(
            503, "read-models-behind", "Not there yet", f"the read models are not at {at_least} yet: try again"
        )


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as JSON values."""
    found: list[dict[str, Any]] = orjson.loads(orjson.dumps(rows, default=str))
    return found
