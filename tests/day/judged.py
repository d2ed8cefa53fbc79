"""What is wrong at the end of a day: in the log, with the messages, in what operators see, and in what trips cost."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from domain.invariants import audit
from domain.kernel.messages import Role
from tests.day.members import Phase, Truth
from tests.support.street import Street

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults-of-cars.md"
DRIVING, PARKED = 34, 15
"""Cents for each minute that has begun, as DriveNow had it for its BMW i3 in Berlin; nobody drives beyond 200 km."""
MESSAGES = "csbe_ingest_messages_total"
NO_ODDITIES = frozenset({"stored", "dead_letter", "status", "responses"})


class Shown(NamedTuple):
    """Where a fault of a car is seen: a metric, and one of these in its labels."""

    metric: str
    labels: frozenset[str]


def page() -> dict[str, Shown]:
    """What the page of faults says of each."""
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (`csbe_[^|]*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    named = {fault: re.findall(r"`([^`]+)`", where) for fault, where in rows}
    return {fault: Shown(metric, frozenset(labels)) for fault, (metric, *labels) in named.items()}


@dataclass(frozen=True)
class Counts:
    """How often what has happened, at one time."""

    samples: Mapping[tuple[str, frozenset[str]], float]
    """By metric and the values of its labels."""
    published: int
    telemetry: int
    dead: int

    @classmethod
    async def of(cls, street: Street) -> "Counts":
        text = (await street.city.api.get("/metrics")).text
        found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        stored = await street.city.running.pool.fetchval("select count(*) from csbe.telemetry")
        dead = await street.city.running.pool.fetchval("select count(*) from csbe.dead_letters")
        samples = {(one.name, frozenset(one.labels.values())): one.value for one in found}
        return cls(samples, street.fleet.published, stored, dead)

    def total(self, metric: str, *labels: str) -> float:
        """Of all that have one of these labels, if any are given."""
        chosen = [v for (name, has), v in self.samples.items() if name == metric and (not labels or has & {*labels})]
        return sum(chosen)


class Bill(NamedTuple):
    """What the backend says of a trip."""

    state: str
    driving_s: int
    parked_s: int
    distance_m: int
    charge: str
    """Its state; nothing without one."""
    price_minor: int
    """As invoiced."""


class Judge:
    """Looks at what has become of a day."""

    def __init__(self, street: Street, before: Counts, after: Counts) -> None:
        self._street, self._city = street, street.city
        self._before, self._after = before, after

    async def wrong(self, truths: Sequence[Truth], say: Callable[[str], None]) -> list[str]:
        """Everything, in sentences."""
        bills = await self._bills()
        self._tell(truths, bills, say)
        return [
            *[sentence async for sentence in self._laws()],
            *[sentence async for sentence in self._operations()],
            *[sentence async for sentence in self._messages()],
            *[sentence async for sentence in self._faults()],
            *self._trips(truths, bills),
        ]

    def _grown(self, metric: str, *labels: str) -> float:
        return self._after.total(metric, *labels) - self._before.total(metric, *labels)

    async def _laws(self) -> AsyncIterator[str]:
        for law, result in (await audit(self._city.running.store.read())).items():
            for sentence in result.broken:
                yield f"law {law}: {sentence}"

    async def _operations(self) -> AsyncIterator[str]:
        ready = await self._city.api.get("/readyz")
        if not ready.is_success:
            yield f"not ready: {ready.text}"
        if self._grown("csbe_part_failures_total"):
            yield "a part of the process failed and began again"
        for name in ("csbe_policy_jobs_failed", "csbe_refunds_failed"):
            if self._after.total(name):
                yield f"{name} is {self._after.total(name)}"
        if skipped := await self._city.running.pool.fetchval("select count(*) from csbe.skipped_events"):
            yield f"{skipped} events were skipped"

    async def _messages(self) -> AsyncIterator[str]:
        """Each is stored or a dead letter that says why."""
        published = self._after.published - self._before.published
        kept = self._after.telemetry - self._before.telemetry + self._after.dead - self._before.dead
        for channel in ("status", "responses"):
            grown = {
                labels: value - self._before.samples.get((name, labels), 0.0)
                for (name, labels), value in self._after.samples.items()
                if name == MESSAGES and channel in labels and "dead_letter" not in labels
            }
            kept += int(sum(grown.values()))
        if kept != published:
            yield f"of {published} messages {kept} are stored or dead letters"
        rows = await self._city.running.pool.fetch("select topic, reason from csbe.dead_letters")
        for row in rows:
            if not row["reason"] or "internal error" in row["reason"]:
                yield f"a dead letter of {row['topic']}: {row['reason']!r}"

    async def _faults(self) -> AsyncIterator[str]:
        """Each that was given is seen where its page says, and what was odd is on record of one of its cars."""
        cars = defaultdict[str, set[str]](set)
        for car in self._city.cars:
            for given in car.faults:
                cars[given.NAME].add(car.vin)
        odd, dead = await self._oddities(), await self._dead()
        for fault, where in page().items():
            if not self._grown(where.metric, *where.labels):
                yield f"{fault} does not show in {where.metric} {sorted(where.labels)}"
            if where.metric != MESSAGES:
                continue
            for oddity in where.labels - NO_ODDITIES:
                if not cars[fault] & odd[oddity]:
                    yield f"{fault}: of {sorted(cars[fault])} none has said anything that is {oddity}"
            if "dead_letter" in where.labels and not cars[fault] & dead:
                yield f"{fault}: of {sorted(cars[fault])} none has a dead letter"

    async def _oddities(self) -> Mapping[str, set[str]]:
        """Which cars have said what is odd."""
        found = defaultdict[str, set[str]](set)
        query = "select distinct vin, unnest(anomalies) as oddity from csbe.telemetry"
        for row in await self._city.running.pool.fetch(query):
            found[row["oddity"]].add(row["vin"])
        return found

    async def _dead(self) -> set[str]:
        rows = await self._city.running.pool.fetch("select distinct topic from csbe.dead_letters")
        return {row["topic"].split("/")[-2] for row in rows}

    async def _bills(self) -> dict[str, Bill]:
        """Each trip, as an agent sees it."""
        states = {charge["subject_id"]: charge["state"] for charge in await self._all("charges")}
        invoiced = {invoice["subject_id"]: invoice["gross_minor"] for invoice in await self._all("invoices")}
        found = {}
        for trip in await self._all("trips"):
            which = trip["trip_id"]
            driving_s, parked_s, distance_m = (trip[name] or 0 for name in ("driving_s", "parked_s", "distance_m"))
            charge, price_minor = states.get(which, ""), invoiced.get(which, 0)
            found[which] = Bill(trip["state"], driving_s, parked_s, distance_m, charge, price_minor)
        return found

    async def _all(self, what: Literal["trips", "charges", "invoices"]) -> list[dict[str, Any]]:
        rows, query = list[dict[str, Any]](), {"limit": "200"}
        while True:
            shown = await self._city.get(f"/v1/{what}", self._city.token(Role.AGENT), **query)
            rows += shown[what]
            if shown["next"] is None:
                return rows
            query["cursor"] = shown["next"]

    def _trips(self, truths: Sequence[Truth], bills: Mapping[str, Bill]) -> Iterator[str]:
        """Each has come to an end that agrees with how it really was."""
        known = {truth.trip_id for truth in truths if truth.trip_id}
        if known != bills.keys():
            yield f"trips that members asked for and agents do not see, or the other way round: {known ^ bills.keys()}"
        for truth in truths:
            faults = [fault.NAME for fault in truth.car.faults]
            for sentence in disagreements(truth, bills.get(truth.trip_id)):
                yield f"trip {truth.trip_id} of {truth.car.vin} with {faults or 'no fault'}: {sentence}"

    def _tell(self, truths: Sequence[Truth], bills: Mapping[str, Bill], say: Callable[[str], None]) -> None:
        for whose, of_good in (("good cars", True), ("cars with faults", False)):
            chosen = [truth for truth in truths if (not truth.car.faults) is of_good]
            billed = Counter(bills[truth.trip_id].charge or "no charge" for truth in chosen if truth.trip_id in bills)
            say(f"trips of {whose}: {dict(Counter(truth.outcome for truth in chosen))}, {dict(billed)}")


def disagreements(truth: Truth, bill: Bill | None) -> Iterator[str]:
    """In what a bill, or none, is not that of the trip as it really was."""
    good = not truth.car.faults
    match truth.outcome, bill:
        case "refused", None:
            if good:
                yield f"a good car was refused: {truth.refusal}"
        case "start failed", Bill(state="start_failed", charge=""):
            if good:
                yield "a good car did not open"
        case "ended" | "ended by an agent", Bill(state="ended", charge="billed"):
            yield from _good_bill(truth, bill) if good else _fair_bill(truth, bill)
        case "ended" | "ended by an agent", Bill(state="ended", charge="in_review"):
            if good:
                yield "a good car's trip is in review"
        case _:
            yield f"it is {truth.outcome}, and shown as {bill}"


def price_minor(driving_s: float, parked_s: float) -> int:
    """What so much costs."""
    return DRIVING * math.ceil(driving_s / 60) + PARKED * math.ceil(parked_s / 60)


def _good_bill(truth: Truth, bill: Bill) -> Iterator[str]:
    if truth.outcome != "ended":
        yield "a good car needed an agent"
    if bill.distance_m != truth.driven_m:
        yield f"{bill.distance_m} m and not {truth.driven_m} m"
    measures: dict[Phase, int] = {"driving": bill.driving_s, "parked": bill.parked_s}
    for phase, measured in measures.items():
        least, most = truth.seconds(phase)
        if not least <= measured <= most:
            yield f"{phase} for {measured} s and not between {least} and {most} s"
    if (expected := price_minor(bill.driving_s, bill.parked_s)) != bill.price_minor:
        yield f"{bill.price_minor} and not {expected} cents"


def _fair_bill(truth: Truth, bill: Bill) -> Iterator[str]:
    """The price is that of the trip as it really was."""
    (drove_least, drove_most), (parked_least, parked_most) = truth.seconds("driving"), truth.seconds("parked")
    least, most = price_minor(drove_least, parked_least), price_minor(drove_most, parked_most)
    if not least <= bill.price_minor <= most:
        yield f"{bill.price_minor} and not between {least} and {most} cents: {bill}, {truth}"
