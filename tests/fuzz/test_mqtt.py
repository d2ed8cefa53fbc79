"""Whatever comes from the broker: it is stored, reported or a dead letter with a reason, and stops nobody else."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, seed
from hypothesis import strategies as st

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.findings import Received
from adapters.mqtt.metrics import NoMetrics
from adapters.mqtt.topics import of_vehicle
from adapters.postgres.ingest_sessions import FIRST
from api.composition import Running
from tests.fuzz.conftest import Rig
from tests.fuzz.depth import SEED, looking
from tests.support.places import BERLIN

HARD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63 - 1, 2**63, 10**400, 1e308, -0.0, "", "\x00", "x" * 3000, [], {}, ["\x00"], [[1]],
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-02-29T00:00:00Z", "2026-01-01T00:00:00",
    "nan", "\ud800",
)  # fmt: skip
"""Values that are hard to deal with, in the place of any other."""
SIGNALS = {
    "Vehicle.CurrentLocation.Latitude": 52.52,
    "Vehicle.CurrentLocation.Longitude": 13.40,
    "Vehicle.Speed": 12.5,
    "Vehicle.TraveledDistance": 1000.5,
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed": 55.0,
    "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": True,
    "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen": False,
    "Vehicle.OBD.DTCList": ["P0420"],
}


class Results(NoMetrics):
    """What became of messages."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def messages(self, channel: str, result: str, count: int) -> None:
        del channel
        if result in {"stored", "reported", "dead_letter"}:
            self.counts[result] += count


@st.composite
def near_valid(draw: st.DrawFn) -> bytes:
    """A proper message with a few values in it that are not."""
    now = datetime.now(UTC) - timedelta(seconds=draw(st.integers(-100, 100_000)))
    message: dict[str, Any] = draw(
        st.one_of(
            st.fixed_dictionaries(
                {
                    "ts": st.just(now.isoformat()),
                    "seq": st.integers(0, 2**63 - 1),
                    "signals": st.fixed_dictionaries({}, optional={n: st.just(v) for n, v in SIGNALS.items()}),
                }
            ),
            st.fixed_dictionaries(
                {
                    "id": st.uuids().map(str),
                    "status": st.sampled_from(("done", "failed", "rejected", "expired")),
                    "ts": st.just(now.isoformat()),
                },
                optional={"signals": st.just(dict(SIGNALS)), "reason": st.text(max_size=250)},
            ),
        )
    )
    for _ in range(draw(st.integers(0, 2))):
        inside = message.get("signals")
        place = draw(st.sampled_from([message, inside])) if isinstance(inside, dict) and inside else message
        name = draw(st.sampled_from([*sorted(place), "Vehicle.More", "more"]))
        if draw(st.booleans()):
            place[name] = draw(st.sampled_from(HARD))
        else:
            place.pop(name, None)
    text = json.dumps(message).encode()
    if draw(st.integers(0, 5)) == 0:  # cut off, or with foreign bytes
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.binary(max_size=8)) + text[at + draw(st.integers(0, 4)) :]
    return text


def payloads() -> st.SearchStrategy[bytes]:
    return st.one_of(near_valid(), near_valid(), st.binary(max_size=200), st.sampled_from([b"online", b"offline", b""]))


def topics(vins: list[str]) -> st.SearchStrategy[str]:
    channels = st.sampled_from(["telemetry", "telemetry", "responses", "status", "commands", "x"])
    services = st.sampled_from([BERLIN.service, BERLIN.service, "reachnow-usa", "nowhere"])
    known = st.sampled_from([*vins, *vins, "WBAZZZ00000000000", "wbazzz00000000001", "short"])
    proper = st.builds(of_vehicle, services, known, channels)
    return st.one_of(proper, proper, proper, st.text(st.characters(exclude_categories=["Cs"]), max_size=80))


def test_any_batch_is_written_and_a_good_message_in_it_gets_through(rig: Rig) -> None:
    good_car, *others = [car.vin for car in rig.city.cars[::-1]]
    running, results = rig.city.running, Results()
    writer = _writer(running, results)
    count = 10_000

    @seed(SEED)
    @looking(150)
    @given(batch=st.lists(st.tuples(topics(others), payloads()), max_size=6), place=st.integers(0, 6))
    def write(batch: list[tuple[str, bytes]], place: int) -> None:
        nonlocal count
        count += 1
        now = datetime.now(UTC)
        good = json.dumps({"ts": now.isoformat(), "seq": count, "signals": {"Vehicle.Speed": 0.0}}).encode()
        received = [Received(topic, payload, now) for topic, payload in batch]
        received.insert(place, Received(of_vehicle(BERLIN.service, good_car, "telemetry"), good, now))
        before, buried_before = results.counts.copy(), rig.do(lambda: _dead(running))

        rig.do(lambda: writer.write(received), patience_s=15)

        grown = results.counts - before
        assert grown.total() == len(received)
        assert rig.do(lambda: _stored(running, good_car, count)) == 1
        assert rig.do(lambda: _dead(running)) - buried_before == grown["dead_letter"]

    write()
    reasons = rig.do(lambda: running.pool.fetch("select distinct reason from csbe.dead_letters"))
    assert len(reasons) > 10
    assert [r["reason"] for r in reasons if not r["reason"] or r["reason"].startswith("internal error")] == []


def _writer(running: Running, results: Results) -> BatchWriter:
    """As the system's own, but that the results are counted."""
    theirs = running.ingest.session(FIRST)._writer
    return BatchWriter(
        running.system.dispatcher, running.telemetry, theirs._directory, zones=theirs._zones, metrics=results
    )


async def _dead(running: Running) -> int:
    count: int = await running.pool.fetchval("select count(*) from csbe.dead_letters")
    return count


async def _stored(running: Running, vin: str, seq: int) -> int:
    query = "select count(*) from csbe.telemetry where vin = $1 and seq = $2 and received_at > now() - interval '1 day'"
    count: int = await running.pool.fetchval(query, vin, seq)
    return count
