"""A month is billed in the real store: two runs at once, and runs that are stopped half way, bill each charge once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from api.command_ids import CommandIds
from api.months import MonthRun, Run
from api.system import System
from domain.billing.charge import Charge
from domain.billing.commands import BillCharge
from domain.billing.handlers import HANDLERS
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.dispatcher import Dispatcher
from domain.invariants import Invariants
from domain.kernel.errors import VersionConflictError
from domain.kernel.ids import MemberId, PayerId, PaymentId, TripId, derived_id
from domain.kernel.messages import RecordedEvent
from tests.domain.billing.test_months import JULY, monthly
from tests.projections.following import Followers, catch_up
from tests.support.keys import KEYS
from tests.support.services import RULEBOOKS

PAYERS, EACH = 3, 4
SERVICE = "drivenow-europe"


class Office:
    """A process that bills: a store and a dispatcher of its own, on the one database."""

    def __init__(self, pool: asyncpg.Pool, at: datetime = JULY) -> None:
        self.pool, self.desk = pool, monthly()
        self.desk.at = at
        self.store = PostgresEventStore(pool, master_keys=KEYS)
        self.dispatcher = Dispatcher(self.store, self.desk, self.desk.rulebooks, HANDLERS)
        self.desk.dispatcher = self.dispatcher

    async def _fetch(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(query, *values)]

    def run(self, month: str = "2021-06") -> Run:
        """An order to bill a month."""
        ids = CommandIds(b"secret")
        system = SimpleNamespace(dispatcher=self.dispatcher, fetch=self._fetch, command_ids=ids)
        return Run(cast("System", system), SERVICE, month, by="olga", reason="the month is over")


@pytest.fixture
async def charges(pool: asyncpg.Pool, followers: Followers) -> set[UUID]:
    """Trips of three payers in June, all waiting."""
    office = Office(pool, datetime(2021, 6, 20, 12, tzinfo=UTC))
    made = set[UUID]()
    for number in range(PAYERS * EACH):
        office.desk.payer_id = PayerId(derived_id("payer", number % PAYERS))
        office.desk.member_id = MemberId(office.desk.payer_id)
        trip = TripId(derived_id("trip", number))
        command: BillCharge = office.desk.bill_trip(trip, PaymentId(uuid4()), minutes=5 + number)
        await office.desk.do(command)
        made.add(Charge.id_of(command.subject_kind, trip))
    await office.store.close()
    await catch_up(followers)
    return made


async def events(store: PostgresEventStore) -> Sequence[RecordedEvent]:
    return [recorded async for recorded in store.read()]


async def expect_each_billed_once(store: PostgresEventStore, charges: set[UUID]) -> None:
    """By the log alone, with no gap in the numbers."""
    log = await events(store)
    issued = [recorded.event for recorded in log if isinstance(recorded.event, Invoice.Issued)]
    assert Counter(one.charge_id for event in issued for one in event.charges) == Counter(charges)
    taken = [recorded.event.sequence for recorded in log if isinstance(recorded.event, NumberRange.Taken)]
    assert taken == [*range(1, len(issued) + 1)]
    laws = Invariants()
    for recorded in log:
        laws.observe(recorded)
    report = laws.report(finished=False)
    kept = ("numbers_have_no_gap", "cent_is_explained")
    assert {name: report[name].broken for name in kept} == {name: [] for name in kept}


async def test_a_month_is_billed_with_one_invoice_for_each_payer(
    pool: asyncpg.Pool, store: PostgresEventStore, followers: Followers, charges: set[UUID]
) -> None:
    done = await Office(pool).run().carry_out()

    assert done == MonthRun("2021-06", invoices=PAYERS)
    await expect_each_billed_once(store, charges)
    await catch_up(followers)
    assert await pool.fetchval("select count(*) from read_v1.charges where state = 'waiting'") == 0
    assert (await Office(pool).run().carry_out()).invoices == 0


async def test_two_runs_at_once_bill_each_charge_once(
    pool: asyncpg.Pool, store: PostgresEventStore, charges: set[UUID]
) -> None:
    runs = await asyncio.gather(*(Office(pool).run().carry_out() for _ in range(2)))

    assert sum(done.invoices for done in runs) == PAYERS
    assert [done.refused for done in runs] == [[], []]
    await expect_each_billed_once(store, charges)


@pytest.mark.parametrize("after", range(0, 40, 4))
async def test_a_run_that_is_stopped_anywhere_and_run_again_bills_each_charge_once(
    pool: asyncpg.Pool, store: PostgresEventStore, charges: set[UUID], after: int
) -> None:
    stopped = asyncio.create_task(Office(pool).run().carry_out())
    for _ in range(after * 5):
        await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)

    await Office(pool).run().carry_out()

    await expect_each_billed_once(store, charges)


async def test_a_month_that_is_not_over_is_refused_and_nothing_is_billed(
    pool: asyncpg.Pool, store: PostgresEventStore, charges: set[UUID]
) -> None:
    done = await Office(pool).run("2021-07").carry_out()

    assert (done.invoices, {one.why for one in done.refused}) == (0, {"invoice.month_not_over"})
    assert len(charges) == PAYERS * EACH
    assert not [one for one in await events(store) if isinstance(one.event, Invoice.Issued)]


async def test_many_documents_at_once_take_numbers_without_a_gap(pool: asyncpg.Pool, store: PostgresEventStore) -> None:
    offices = [Office(pool) for _ in range(4)]
    for n, office in enumerate(offices):  # at once: each charge has an invoice of its own
        office.desk.rulebooks.hold(RULEBOOKS[SERVICE])
        office.desk._number = count(1000 * n)

    async def bill(n: int) -> None:
        desk = offices[n].desk
        for number in range(n, 24, 4):
            command = desk.bill_trip(TripId(derived_id("t", number)), PaymentId(uuid4()), token="tok")
            while True:  # who loses eight times against the others is asked again, as by the queue
                with suppress(VersionConflictError):
                    await desk.do(command)
                    break

    await asyncio.gather(*(bill(n) for n in range(4)))

    issued = [one.event.number for one in await events(store) if isinstance(one.event, Invoice.Issued)]
    assert issued == [f"DE-2021-{number:06}" for number in range(1, 25)]
