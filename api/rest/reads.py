"""Who read what is known of members: for auditors of everybody, for members of themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from api.auth import Allowed, Caller
from api.rest.commands import InSystem
from api.rest.ownership import own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Word
from api.rest.schemas.reads import ReadPage, ReadShown

router = Router(prefix="/v1/reads", tags=["history"])

SEES_ALL = "history:read"
Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]

_READS = Listing(
    "select read_id, read_at, member_id, reader_role, reader, door, by_right from csbe.personal_reads",
    Order("reads", {"read_at": datetime, "read_id": int}),
)


@router.get("")
async def list_reads(
    by: Reader,
    system: InSystem,
    page: InPage,
    read: InPeriod,
    *,
    member_id: UUID | None = None,
    reader: Word | None = None,
) -> ReadPage:
    """Newest first: what was read of oneself, or for an auditor of everybody. The same within an hour is there once."""
    rows, after = await _READS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("member_id", by, SEES_ALL),
            ("member_id = {}", member_id),
            ("reader = {}", reader if by.may(SEES_ALL) else None),
            *read.of("read_at"),
        ],
    )
    unnamed = {} if by.may(SEES_ALL) else {"reader": None}
    return ReadPage(reads=[ReadShown.model_validate({**row, **unnamed}) for row in rows], next=after)
