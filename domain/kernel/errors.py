"""What can go wrong in the domain. A refusal names all violated rules, each with a code and the values it looked at."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import Field

from domain.kernel.values import Value


class Violation(Value):
    """One rule that said no. `code` is permanent, e.g. `vehicle.energy_too_low`; `detail` says what would help."""

    code: str
    detail: str
    values: dict[str, Any] = Field(default_factory=dict)


class DomainError(Exception):
    """Base of all errors that a caller can do something about."""


class RefusedError(DomainError):
    """A command broke one or more rules; nothing was changed."""

    def __init__(self, *violations: Violation) -> None:
        super().__init__("; ".join(f"{v.code}: {v.detail}" for v in violations))
        self.violations = violations


class NotFoundError(DomainError):
    """No aggregate of this kind has this id."""

    def __init__(self, kind: str, id: UUID) -> None:
        self.what = kind.rpartition(".")[2].replace("_", " ")
        super().__init__(f"there is no {self.what} {id}")
        self.kind = kind
        self.id = id


class VersionConflictError(DomainError):
    """An aggregate has changed since it was read; load it again and decide again."""

    def __init__(self, id: UUID, expected_version: int) -> None:
        super().__init__(f"aggregate {id} is no longer at version {expected_version}")
        self.id = id
        self.expected_version = expected_version


class StaleVersionError(DomainError):
    """The caller decided by a version of an aggregate that is not the present one: read it again and decide again."""

    def __init__(self, id: UUID, expected_version: int, version: int) -> None:
        super().__init__(f"aggregate {id} is at version {version}, not {expected_version}")
        self.id = id
        self.expected_version = expected_version
        self.version = version


class CommandIdReusedError(DomainError):
    """A command id was used before for a different command."""


class CommandAlreadyDoneError(DomainError):
    """The store knows this command id: the first outcome stands, nothing was appended."""


class RulebookSupersededError(DomainError):
    """A rulebook was published while the command was decided; take it up and decide again."""

    def __init__(self, service: str) -> None:
        super().__init__(f"a rulebook was published while a command of {service} was decided")
        self.service = service


class UnknownServiceError(DomainError):
    """No rulebook is in force for this service."""

    def __init__(self, service: str) -> None:
        super().__init__(f"there is no service {service}: publish its rulebook first")
        self.service = service


def refuse_if(violations: Iterable[Violation | None]) -> None:
    """Raise one `RefusedError` with every violation there is; do nothing when there is none."""
    found = tuple(v for v in violations if v is not None)
    if found:
        raise RefusedError(*found)


class UnstorableEventError(ValueError):
    """An event has a text with the character NUL, which no table of a read model can hold."""

    def __init__(self, topic: str, originator_id: UUID) -> None:
        super().__init__(f"an event of aggregate {originator_id} ({topic}) has a text with the character NUL")


class UnreadableEventError(Exception):
    """A stored event does not fit its class: damaged, or its class changed without a new version and an upcast.

    `position` is where it stands in the log, when it was read from there.
    """

    def __init__(self, topic: str, originator_id: UUID, version: int, why: str) -> None:
        super().__init__(f"event {version} of aggregate {originator_id} ({topic}) cannot be read: {why}")
        self.topic = topic
        self.originator_id = originator_id
        self.version = version
        self.position: int | None = None
