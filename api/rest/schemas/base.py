"""What the models of requests and answers are built on."""

from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any, Self, cast
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, field_validator
from pydantic.config import ExtraValues
from pydantic_core import CoreSchema

from api.wording import WITHOUT_NUL, sentence
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import Violation
from domain.kernel.strictness import strict_numbers
from domain.kernel.values import LONGEST_TEXT, Instant

LAST_POSITION = 2**63 - 1
LogPosition = Annotated[int, Query(ge=0, le=LAST_POSITION)]
"""A position of the log, as the database can hold it."""
Word = Annotated[str, Query(max_length=60, pattern=WITHOUT_NUL)]
"""A short text that the database can hold."""


Moment = Annotated[Instant, AfterValidator(lambda at: at.astimezone(UTC))]
"""A time that somebody gives, in UTC."""
Because = Annotated[str, Field(min_length=3, max_length=400)]
"""Why an employee does something."""


def _in_a_sentence(violation: Violation) -> Violation:
    return violation.model_copy(update={"detail": sentence(violation.detail)})


Rule = Annotated[Violation, AfterValidator(_in_a_sentence)]
"""A rule that says no, as people read it."""

MEMBER_ID = "0d3f1c6e-5a39-5a0f-8a55-6a1de7b1c001"
VEHICLE_ID = "7f1f7f2c-2f4b-5d61-9c1c-0b8f5f1d0001"
RESERVATION_ID = "b1946ac9-2a4e-5c1f-8f0e-1f7c2a5d0002"
METHOD_ID = "01941f29-7c00-7a3e-8a55-6a1de7b1c008"
TRIP_ID = "4a0b8f7e-93c2-5b64-9d0e-52f1a3c40003"
INVOICE_ID = "c2d9e1a4-6f3b-5e07-8a1c-7be4d0f50004"
ZONE_ID = "e5b7c3d1-0f2a-5d48-b6c9-18a2f4e60005"
TASK_ID = "9f8e7d6c-5b4a-5392-8170-6f5e4d3c0006"


def example(value: Mapping[str, Any], *, extra: ExtraValues = "ignore") -> ConfigDict:
    """A model's configuration with its example."""
    return ConfigDict(json_schema_extra={"examples": [dict(value)]}, extra=extra)


class Body(BaseModel):
    """Base of all request bodies. PostgreSQL cannot hold the character NUL, so no text may have it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=LONGEST_TEXT)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook."""
        return cast(CoreSchema, strict_numbers(handler(source)))

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            raise ValueError("must not have the character NUL")
        return value


class Shown(BaseModel):
    """Base of the answers that show an aggregate: only the fields that the answer declares leave the house."""

    @classmethod
    def of(cls, aggregate: Aggregate, **named: object) -> Self:
        """From an aggregate's fields of the same names, and those `named`."""
        same = {name: getattr(aggregate, name) for name in cls.model_fields if name not in named}
        return cls.model_validate({**same, **named})


class Accepted(BaseModel):
    """The answer to a command: what it is about, the position of its last event, whether it was done before."""

    model_config = example({"id": TRIP_ID, "position": 4711, "repeated": False})

    id: UUID
    position: int
    repeated: bool = False


class Proposable(Accepted):
    """The answer to a command that may need two persons: `proposed` while it waits for the second."""

    model_config = example({"id": TRIP_ID, "position": 4711, "repeated": False, "proposed": False})

    proposed: bool


class ReasonBody(Body):
    """Why an employee does this."""

    model_config = example({"reason": "licence photo unreadable"}, extra="forbid")

    reason: Because
