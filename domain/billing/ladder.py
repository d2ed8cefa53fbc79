"""When money that would not move is asked for again."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def next_try(waits: Sequence[timedelta], failed: int, at: datetime) -> datetime | None:
    """After so many failed tries, the last of them now; none once all waits are used up."""
    return at + waits[failed - 1] if failed <= len(waits) else None
