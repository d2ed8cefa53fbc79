"""Lists: filtered, in one order, page by page, from read models that have reached a position."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import Field, TypeAdapter

from api.problems import Problem
from api.rest.schemas.base import LogPosition, Moment
from api.system import Row, System
from api.wording import WITHOUT_NUL

Cursor = Annotated[str | None, Query(max_length=600, description="`next` of the page before, as it was.")]
LARGEST_PAGE = 1000
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="At most so many on a page.")]
AtLeast = Annotated[
    LogPosition | None, Query(description="Wait until this position of the log is in the list: that of one's command.")
]
Condition = tuple[str, object]
"""SQL with `{}` in the place of a value, and the value; none asks for nothing."""

_READERS: Mapping[type, TypeAdapter[Any]] = {
    datetime: TypeAdapter(Moment),
    UUID: TypeAdapter(UUID),
    int: TypeAdapter(LogPosition),
    str: TypeAdapter(Annotated[str, Field(max_length=400, pattern=WITHOUT_NUL)]),
    date: TypeAdapter(date),
}


@dataclass(frozen=True)
class Page:
    """Which part of a list: what comes after the page before, at most so many, as of a position or later."""

    cursor: str | None
    limit: int
    at_least: int | None


async def page_of(cursor: Cursor = None, limit: Limit = 50, at_least: AtLeast = None) -> Page:
    """A coroutine, since FastAPI runs anything else, such as the class itself, in another thread."""
    return Page(cursor, limit, at_least)


InPage = Annotated[Page, Depends(page_of)]


@dataclass(frozen=True)
class Period:
    """Which time a list is asked for: from `since` on, and before `until`."""

    since: datetime | None
    until: datetime | None

    def of(self, column: str) -> list[Condition]:
        """That a time lies in it."""
        return [(f"{column} >= {{}}", self.since), (f"{column} < {{}}", self.until)]


async def period_of(since: Moment | None = None, until: Moment | None = None) -> Period:
    """From `since` on, and before `until`."""
    return Period(since, until)


InPeriod = Annotated[Period, Depends(period_of)]


@dataclass(frozen=True)
class Order:
    """By which values a list is ordered, which together name a row, and how one goes on after a row.

    A cursor says which list it is of, so that no other takes it: URL-safe Base64 of JSON (RFC 4648, 5).
    """

    of: str
    columns: Mapping[str, type]
    descending: bool = True

    def cursor(self, row: Mapping[str, Any]) -> str:
        """What names a row."""
        values = [str(row[name]) for name in self.columns]
        return urlsafe_b64encode(orjson.dumps([self.of, *values])).rstrip(b"=").decode()

    def after(self, cursor: str) -> list[Any]:
        """The values of the row that a cursor names. Raises `Problem` 422 for what is no cursor of this list."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            texts = orjson.loads(b64decode(padded, altchars=b"-_", validate=True))
            values = [
                _READERS[kind].validate_strings(text)
                for kind, text in zip((str, *self.columns.values()), texts, strict=True)
            ]
        except (ValueError, TypeError) as error:
            raise _not_ours() from error
        if values[0] != self.of:
            raise _not_ours()
        return values[1:]

    def cut(self, rows: Sequence[Row], limit: int) -> tuple[list[Row], str | None]:
        """A page of rows of which there is one more than asked for, if any, and the cursor of the next page."""
        shown = list(rows[:limit])
        return shown, self.cursor(shown[-1]) if len(rows) > limit else None


@dataclass(frozen=True)
class Listing:
    """A list over a read model: its rows, and their order."""

    select: str
    """Up to, and without, `where`."""
    order: Order

    async def page(self, system: System, page: Page, conditions: Iterable[Condition]) -> tuple[list[Row], str | None]:
        """The rows of a page that meet all conditions, and the cursor of the next one, if there is one.

        Raises `Problem` for a foreign cursor and for a position that the read models do not reach.
        """
        await caught_up(system, page.at_least)
        query, values = self.query(page, conditions)
        return self.order.cut(await system.fetch(query, *values), page.limit)

    def query(self, page: Page, conditions: Iterable[Condition]) -> tuple[str, list[object]]:
        """What asks for a page, and for one row more."""
        asked = [(sql, value) for sql, value in conditions if value is not None]
        values = [value for _, value in asked]
        texts = [sql.format(f"${number}") for number, (sql, _) in enumerate(asked, 1)]
        if page.cursor is not None:
            after = self.order.after(page.cursor)
            texts.append(self._beyond(len(values) + 1))
            values += after
        query = f"{self.select} where {' and '.join(texts)} {self._ordered()} limit ${len(values) + 1}"
        return query, [*values, page.limit + 1]

    def _beyond(self, first: int) -> str:
        names = list(self.order.columns)
        places = ", ".join(f"${first + index}" for index in range(len(names)))
        return f"({', '.join(names)}) {'<' if self.order.descending else '>'} ({places})"

    def _ordered(self) -> str:
        direction = " desc" if self.order.descending else ""
        return "order by " + ", ".join(f"{name}{direction}" for name in self.order.columns)


def _not_ours() -> Problem:
    return Problem.invalid("cursor", "send `next` of a page of this list as it was")


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
