"""The trace that a request is a part of, of the caller or our own (W3C Trace Context)."""

import re
from contextvars import ContextVar

_CONTEXT = re.compile(r"[0-9a-f]{2}(-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?:-.*)?")
_present: ContextVar[str | None] = ContextVar("traceparent", default=None)


def given(traceparent: str | None) -> str | None:
    """The caller's trace context in the form of version 00; none for what is malformed."""
    found = _CONTEXT.fullmatch(traceparent or "")
    return f"00{found[1]}" if found and not (traceparent or "").startswith("ff") else None


def begin(traceparent: str | None) -> None:
    """Say of which trace the request that is being answered is a part; each has a context of its own."""
    _present.set(traceparent)


def present() -> str | None:
    """The trace context of the request that is being answered; none outside of a trace."""
    return _present.get()


def trace_id() -> str | None:
    """By which the trace is found."""
    return id_of(present())


def id_of(traceparent: str | None) -> str | None:
    """The id of the trace in a trace context."""
    return None if traceparent is None else traceparent.split("-")[1]
