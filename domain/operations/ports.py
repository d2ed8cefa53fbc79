"""The port behind which orders are carried out."""

from datetime import date
from typing import Protocol
from uuid import UUID


class Machinery(Protocol):
    """What operators give orders about.

    Each method says what it changed, and may be called again after an interruption: then it does what is left to do,
    be it nothing. Raises `ImpossibleOrderError` for what cannot be done as things stand.
    """

    async def retry_follower(self, follower: str, position: int) -> tuple[str, ...]:
        """Only where it is stopped at that position."""
        ...

    async def skip_event(self, follower: str, position: int, *, by: str, reason: str) -> tuple[str, ...]:
        """Only where it is stopped at that position."""
        ...

    async def retry_job(self, job_id: UUID) -> tuple[str, ...]: ...

    async def drop_job(self, job_id: UUID, *, by: str, reason: str) -> tuple[str, ...]: ...

    async def build(self, read_model: str, workers: int) -> tuple[str, ...]: ...

    async def show(self, read_model: str, generation: int) -> tuple[str, ...]: ...

    async def drop_generation(self, read_model: str, generation: int) -> tuple[str, ...]: ...

    async def drop_telemetry(self, first_kept: date) -> tuple[str, ...]:
        """The days that were dropped."""
        ...

    async def retry_dead_letter(self, letter_id: int) -> tuple[str, ...]: ...

    async def drop_dead_letter(self, letter_id: int) -> tuple[str, ...]: ...


class ImpossibleOrderError(Exception):
    """An order cannot be carried out as things stand."""
