"""What cars may say, and what each signal means."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt import topics
from adapters.mqtt.payloads import BadPayloadError, SignalValue, parse_response, parse_status, parse_telemetry
from adapters.mqtt.signals import told_by

SIGNALS = (
    "Vehicle.CurrentLocation.Latitude",
    "Vehicle.TraveledDistance",
    "Vehicle.LowVoltageSystemState",
    "Vehicle.Diagnostics.DTCList",
    "Vehicle.Powertrain.FuelSystem.RelativeLevel",
    "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen",
    "Vehicle.Cabin.Seat.Row1.DriverSide.Airbag.IsDeployed",
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)

GOOD = {"ts": "2026-03-01T10:00:00Z", "seq": 1, "signals": {"Vehicle.Speed": 50.5}}


def test_a_telemetry_message_is_read() -> None:
    message = parse_telemetry(json.dumps(GOOD).encode()).message
    assert message.ts == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert message.signals == {"Vehicle.Speed": 50.5}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seq": "1"}, "seq"),
        ({"seq": -1}, "seq"),
        ({"ts": "2026-03-01T10:00:00"}, "ts"),
        ({"ts": None}, "ts"),
        ({"ts": "0001-01-01T00:00:00+14:00"}, "ts"),
        ({"ts": "2200-01-01T00:00:00Z"}, "ts"),
        ({"signals": {f"Vehicle.S{n}": n for n in range(600)}}, "signals"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_telemetry_message_gives_the_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadPayloadError, match=reason):
        parse_telemetry(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"ts": 1e999}', b"[" * 60_000, b"x" * 70_000]
)
def test_hostile_bytes_give_a_reason(payload: bytes) -> None:
    with pytest.raises(BadPayloadError):
        parse_telemetry(payload)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    for parse in (parse_telemetry, parse_response, parse_status):
        with suppress(BadPayloadError):
            parse(payload)


def test_a_response_names_its_command_and_how_it_went() -> None:
    command = UUID(int=5)
    message, _ = parse_response(
        json.dumps({"id": str(command), "status": "failed", "ts": GOOD["ts"], "reason": "door open"}).encode()
    )
    assert (message.id, message.status, message.reason) == (command, "failed", "door open")


def test_a_status_is_online_or_offline() -> None:
    assert parse_status(b"online") == "online"
    with pytest.raises(BadPayloadError):
        parse_status(b"asleep")


def test_signals_become_values_of_our_names() -> None:
    singles, parts, left_out = told_by(
        {
            "Vehicle.CurrentLocation.Latitude": 52.5,
            "Vehicle.CurrentLocation.Longitude": 13.4,
            "Vehicle.CurrentLocation.GNSSReceiver.FixType": "THREE_D",
            "Vehicle.TraveledDistance": 1234.4,
            "Vehicle.Powertrain.FuelSystem.RelativeLevel": 44,
            "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": True,
            "Vehicle.Cabin.Door.Row1.PassengerSide.IsLocked": False,
            "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen": False,
            "Vehicle.LowVoltageSystemState": "ON",
            "Vehicle.Diagnostics.DTCList": ["P0301", "B1000", "P0301"],
            "Vehicle.Cabin.Seat.Row1.DriverSide.Airbag.IsDeployed": False,
            "Vehicle.Something.New": "kept, not looked at",
        }
    )
    assert singles == {
        "latitude": 52.5,
        "longitude": 13.4,
        "has_fix": True,
        "odometer_m": 1234,
        "fuel_percent": 44,
        "ignition_on": True,
        "fault_codes": ["B1000", "P0301"],
    }
    assert {name: list(said.values()) for name, said in parts.items()} == {
        "locked": [True, False],
        "open": [False],
        "airbags": [False],
    }
    assert not left_out


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"Vehicle.CurrentLocation.Latitude": 91.0, "Vehicle.CurrentLocation.Longitude": 0.0}, "latitude"),
        ({"Vehicle.TraveledDistance": -1}, "odometer_m"),
        ({"Vehicle.TraveledDistance": 2**63}, "odometer_m"),
        ({"Vehicle.LowVoltageSystemState": "FLYING"}, "ignition_on"),
        ({"Vehicle.CurrentLocation.GNSSReceiver.FixType": 3}, "has_fix"),
        ({"Vehicle.CurrentLocation.HorizontalAccuracy": -1}, "accuracy_m"),
        ({"Vehicle.Speed": True}, "speed_kmh"),
        ({"Vehicle.Diagnostics.DTCList": "P0301"}, "fault_codes"),
        ({"Vehicle.Powertrain.FuelSystem.RelativeLevel": 103}, "fuel_percent"),
        ({"Vehicle.Powertrain.FuelSystem.RelativeLevel": "full"}, "fuel_percent"),
        ({"Vehicle.Cabin.Door.Row1.DriverSide.IsOpen": 1}, "open"),
    ],
)
def test_a_value_that_cannot_be_true_spoils_itself_alone(wrong: dict[str, SignalValue], name: str) -> None:
    others: dict[str, SignalValue] = {
        "Vehicle.Cabin.Door.Row1.PassengerSide.IsOpen": True,
        "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": False,
    }

    told = told_by(wrong | others)

    assert told.left_out == (name,)
    assert told.singles.get(name) is None
    assert {group: list(said.values()) for group, said in told.parts.items()} == {"open": [True], "locked": [False]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 1},
        {"\u0000": 1},
        {"Vehicle.Note": None},
        {"Vehicle.Note": {"a": 1}},
        {"Vehicle.Note": "A\x00"},
        {"Vehicle.Diagnostics.DTCList": None},
        {"Vehicle.Diagnostics.DTCList": ["P0301", None]},
    ],
)
def test_what_is_no_signal_spoils_itself_alone(wrong: dict[str, object]) -> None:
    body = GOOD | {"signals": {"Vehicle.Speed": 50.5} | wrong}

    message, left_out = parse_telemetry(json.dumps(body).encode())

    assert message.signals == {"Vehicle.Speed": 50.5}
    assert left_out == wrong.keys()


@given(st.dictionaries(st.sampled_from(SIGNALS) | st.text(max_size=20), ANYTHING, max_size=12))
def test_whatever_a_car_says_what_is_taken_of_it_can_be_stored(signals: dict[str, object]) -> None:
    body = {"ts": GOOD["ts"], "seq": 1, "signals": signals | {"Vehicle.Speed": 50.5}}

    message, _ = parse_telemetry(json.dumps(body).encode())

    assert message.signals["Vehicle.Speed"] == 50.5
    assert b"\\u0000" not in orjson.dumps(message.signals)
    assert told_by(message.signals).singles["speed_kmh"] == 50.5


def test_a_topic_says_which_car_of_which_service() -> None:
    address = topics.parse("csbe/v1/drivenow-europe/vehicles/WMWWG310803C16019/telemetry")
    assert address == ("drivenow-europe", "WMWWG310803C16019", "telemetry")


@pytest.mark.parametrize(
    "topic", ["csbe/v1/x/vehicles/short/telemetry", "csbe/v2/x/vehicles/WMWWG310803C16019/status", "other"]
)
def test_a_foreign_topic_has_no_address(topic: str) -> None:
    assert topics.parse(topic) is None
