"""The number by which a request is found again: in its answer, its log lines, and in what follows from it."""

import re
from contextvars import ContextVar
from uuid import UUID

from domain.kernel.ids import derived_id

HEADER = "X-Request-Id"

_SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")
_present: ContextVar[str | None] = ContextVar("request_id", default=None)


def present() -> str | None:
    """The number of the request that is being answered; none outside of one."""
    return _present.get()


def begin(request_id: str) -> None:
    """Say which request is being answered. Each has a context of its own, so that there is nothing to end."""
    _present.set(request_id)


def given(request_id: str | None) -> str | None:
    """The number that the caller has for it; none for what is not sane.

    Sane are up to 100 letters, digits and a few signs that a log line and a header can hold.
    """
    return request_id if _SANE.fullmatch(request_id or "") else None


def correlation_of(request_id: str) -> UUID:
    """What events name that follow from the request: the number itself if it is a UUID, else one derived from it."""
    try:
        return UUID(request_id)
    except ValueError:
        return derived_id("request", request_id)
