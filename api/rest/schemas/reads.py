"""Who read what is known of a member."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from api.rest.schemas.base import MEMBER_ID, example

_READ = {
    "read_at": "2027-01-05T12:09:00.120Z",
    "member_id": MEMBER_ID,
    "reader_role": "agent",
    "reader": "olga",
    "door": "GET /v1/members/{member_id}",
    "by_right": "members:read",
}


class ReadShown(BaseModel):
    """Somebody was shown something of a member: by which door, and why they could.

    `member_id` is null for all that a report has, and once the person is erased; `reader` for members.
    """

    read_at: AwareDatetime
    member_id: UUID | None
    reader_role: str
    reader: str | None
    door: str
    by_right: str


class ReadPage(BaseModel):
    """Reads, newest first, and the cursor of the next page."""

    model_config = example({"reads": [_READ], "next": None})

    reads: list[ReadShown]
    next: str | None
