"""What cars and backend say to each other, as strict models. Signals go by their COVESA VSS paths."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from domain.kernel.policy import CommandType, TellVehicle
from domain.kernel.values import LATEST

M = TypeVar("M", bound=BaseModel)

MAX_PAYLOAD_BYTES = 64 * 1024
MAX_SIGNALS = 512

CarTime = Annotated[AwareDatetime, Field(ge=datetime(1980, 1, 6, tzinfo=UTC), lt=LATEST)]
"""What the clock of a car may show: satellites began to count weeks in 1980, which some fall back to."""
SignalPath = Annotated[str, Field(pattern=r"^Vehicle(\.[A-Za-z0-9]+)+$", max_length=200)]
NO_NUL = r"^[^\x00]*$"
"""PostgreSQL cannot hold the character NUL."""
Text2000 = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Text64 = Annotated[str, Field(max_length=64, pattern=NO_NUL)]
Truth = Annotated[bool, Field(strict=True)]
Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
"""A larger one is taken as a float."""
Number = Annotated[float, Field(strict=True)]
SignalValue = Annotated[Truth | Integer | Number | Text2000 | list[Text64], Field(union_mode="left_to_right")]
"""Strict and in this order, the first that fits is the only one, and there is no need to try the others."""
Signals = Annotated[dict[SignalPath, SignalValue], Field(max_length=MAX_SIGNALS)]
_signal: TypeAdapter[dict[SignalPath, SignalValue]] = TypeAdapter(
    dict[SignalPath, SignalValue], config=ConfigDict(allow_inf_nan=False)
)


class BadPayloadError(ValueError):
    """A message that cannot be used; the text says why, without repeating the payload."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TelemetryMessage(_Message):
    """Vehicle to backend: what it measured at `ts`. `seq` goes up by one with each message of the car."""

    ts: CarTime
    seq: Annotated[int, Field(ge=0, lt=2**63, strict=True)]
    signals: Signals


class CommandMessage(_Message):
    """Backend to vehicle: do this, unless it is later than `expires_at`. A car does the same `id` once."""

    id: UUID
    type: CommandType
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    args: dict[str, SignalValue] = {}

    @classmethod
    def of(cls, request: TellVehicle) -> "CommandMessage":
        return cls(id=request.request_id, type=request.type, issued_at=request.issued_at, expires_at=request.expires_at)


class ResponseMessage(_Message):
    """Vehicle to backend: how the command `id` went, with the signals as they are afterwards."""

    id: UUID
    status: Literal["done", "failed", "rejected", "expired"]
    ts: CarTime
    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = None
    signals: Signals | None = None


StatusMessage = Literal["online", "offline"]
"""Vehicle (or the broker, as its last will) to backend, retained; plain text."""

_status: TypeAdapter[StatusMessage] = TypeAdapter(StatusMessage)


class Parsed(NamedTuple, Generic[M]):
    """A message, and the names of the signals that were left out for a name or a value that no signal has."""

    message: M
    left_out: frozenset[str] = frozenset()


def parse_telemetry(payload: bytes) -> Parsed[TelemetryMessage]:
    """Raises `BadPayloadError`."""
    return _parse(TelemetryMessage, payload)


def parse_response(payload: bytes) -> Parsed[ResponseMessage]:
    """Raises `BadPayloadError`."""
    return _parse(ResponseMessage, payload)


def parse_status(payload: bytes) -> StatusMessage:
    """Raises `BadPayloadError`."""
    try:
        return _status.validate_python(payload.decode().strip('"'))
    except (UnicodeDecodeError, ValidationError) as error:
        msg = 'a status is "online" or "offline"'
        raise BadPayloadError(msg) from error


def _parse(model: type[M], payload: bytes) -> Parsed[M]:
    """A signal that is none spoils itself alone."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        msg = f"payload of {len(payload)} bytes is larger than {MAX_PAYLOAD_BYTES}"
        raise BadPayloadError(msg)
    try:
        return Parsed(model.model_validate_json(payload))
    except ValidationError as error:
        if not all(len(problem["loc"]) > 1 and problem["loc"][0] == "signals" for problem in error.errors()):
            raise BadPayloadError(_reason(error)) from error
    told = from_json(payload)
    good = dict(_good(told["signals"]))
    try:
        return Parsed(model.model_validate(told | {"signals": good}), frozenset(told["signals"]) - good.keys())
    except ValidationError as error:
        raise BadPayloadError(_reason(error)) from error


def _good(signals: dict[str, Any]) -> Iterator[tuple[str, SignalValue]]:
    """Those that are signals."""
    for path, value in signals.items():
        try:
            yield from _signal.validate_python({path: value}).items()
        except ValidationError:
            continue


def _reason(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{_where(p['loc'])}: {p['msg']}" for p in problems[:5])


def _where(loc: tuple[int | str, ...]) -> str:
    """As it can be read and stored, whatever the sender calls its fields."""
    path = ".".join(map(str, loc)) or "payload"
    return path[:200].encode("unicode_escape").decode()
