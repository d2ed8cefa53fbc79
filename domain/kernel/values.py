"""What commands and events are made of: values of a known shape, finite, bounded, so that any table can hold them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from domain.kernel.strictness import strict_numbers

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
LAST = LATEST - timedelta(microseconds=1)
"""The last instant that there is."""
LONGEST_TEXT = 2_000
"""Of a text whose own type sets no limit."""

Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
"""A point in time that each zone of the world can express."""
Seconds = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""Up to 31 years."""
Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many, or the how manieth."""
Ordinal = Annotated[int, Field(ge=0, lt=2**63)]
"""A place in the log, or in the history of an aggregate."""


class Value(BaseModel):
    """Base of commands, events and all that they carry."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_max_length=LONGEST_TEXT)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook."""
        return cast(CoreSchema, strict_numbers(handler(source)))
