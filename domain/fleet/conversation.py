"""A command given to a car and not yet answered."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class OpenRequest(BaseModel):
    """What the car was told, and until when it may answer."""

    model_config = ConfigDict(frozen=True)

    type: Literal["unlock", "lock", "enable_driving", "disable_driving", "locate"]
    expires_at: AwareDatetime
