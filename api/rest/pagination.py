"""Lists, newest first, page by page, from read models that have reached a position."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.problems import Problem
from api.rest.schemas.base import LogPosition
from api.system import Row, System

Cursor = Annotated[str | None, Query(max_length=80, description="`next` of the page before.")]


@dataclass(frozen=True)
class Page:
    """Which part of a list: after a row, named by its time and its id, at most so many."""

    cursor: Cursor = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    at_least: LogPosition | None = None

    @property
    def after(self) -> tuple[datetime | None, UUID | None]:
        """The time and the id of the last row seen. Raises `Problem` for a cursor that is not one of ours."""
        if self.cursor is None:
            return None, None
        time, _, id = self.cursor.rpartition("~")
        try:
            return datetime.fromisoformat(time).astimezone(), UUID(id)
        except (ValueError, OverflowError) as error:
            raise Problem.invalid("cursor", "send `next` of a page as it was") from error

    def next(self, rows: list[Row], time: str, id: str) -> str | None:
        """The cursor of the page after these rows; none when they are the last."""
        return f"{rows[-1][time].isoformat()}~{rows[-1][id]}" if len(rows) == self.limit else None


InPage = Annotated[Page, Depends()]


async def caught_up(system: System, at_least: int | None) -> None:
    """Wait until the read models have reached a position.

    Raises `Problem` 503 when that takes too long, and 422 for a position that the log does not have.
    """
    if at_least is None:
        return
    if at_least > await system.end():
        raise Problem.invalid("at_least", "the log has not come that far: give the position of a command's answer")
    if not await system.wait_until(at_least):
        raise Problem(
            503, "read-models-behind", "Not there yet", f"the read models are not at {at_least} yet: try again"
        )
