"""The books say what the documents say, in each account, from the log alone."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.commands import RecordRefundByOtherMeans
from domain.billing.invoice import Invoice
from domain.billing.pricing import price
from domain.billing.transfers import RecordTransferPaidBack, TakeBackTransfer
from domain.kernel.ids import TripId
from domain.kernel.money import Currency, Money
from projections.ledger import shares_of
from tests.domain.billing.any_tariff import priced_trips
from tests.domain.billing.desk import euros
from tests.domain.billing.test_unpaid import invoice_of, unpaid
from tests.projections.following import Followers, catch_up, credit
from tests.projections.test_money import Story
from tests.support.people_and_cars import area
from tests.support.transfers import DAY, transferred
from tests.support.world import World

_BALANCES = """
select account, sum(debit_minor - credit_minor)::bigint as balance from reports.trial_balance group by account
"""


_SQL_OF_THE_PAGE = re.findall(
    r"```sql\n(.*?)```", (Path(__file__).parents[2] / "docs/how-to/read-the-books.md").read_text("utf-8"), re.DOTALL
)


async def balances(pool: asyncpg.Pool) -> dict[str, int]:
    """Of every account that is not even."""
    return {row["account"]: row["balance"] for row in await pool.fetch(_BALANCES) if row["balance"]}


async def rows(pool: asyncpg.Pool, view: str) -> Sequence[Any]:
    return await pool.fetch(f"select * from reports.{view}")  # noqa: S608 (ours)


async def test_a_paid_trip_is_revenue_tax_and_money_at_the_provider(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    invoice = await world.store.load(Invoice, Invoice.id_of("rental.trip", story[2]))
    await world.do(credit(story[2], "1.00"))
    await catch_up(followers)
    left = invoice.gross.amount_minor - 100

    now = await balances(pool)
    revenue, [taxed] = sum(row["net_minor"] for row in await rows(pool, "revenue_days")), await rows(pool, "tax_months")

    assert now == {"provider": left, "revenue": -revenue, "tax": -(left - revenue)}
    assert (taxed["tax"], taxed["country"], taxed["tax_minor"]) == ("VAT", "DE", left - revenue)
    assert taxed["base_minor"] == revenue
    assert await rows(pool, "receivables") == []


async def test_what_came_by_transfer_is_in_the_bank_and_what_was_too_much_is_owed(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    await catch_up(followers)
    before, [aged] = await balances(pool), await rows(pool, "receivables")
    due, paid = invoice.due.amount_minor, transferred(invoice, euros("100.00"))
    await world.do(paid)
    await catch_up(followers)
    came = await balances(pool)
    await world.do(RecordTransferPaidBack(transfer_id=paid.transfer_id, reference="SEPA 1", reason="too much"))
    await world.do(noted := credit(TripId(invoice.subject_id), "2.00"))
    await world.do(RecordRefundByOtherMeans(credit_note_id=noted.credit_note_id, reference="SEPA 2", reason="agreed"))
    await catch_up(followers)
    even = await balances(pool)
    await world.advance(timedelta(days=1))
    await world.do(TakeBackTransfer(transfer_id=paid.transfer_id, reference="bank 9", value_on=DAY))
    await catch_up(followers)

    for query in _SQL_OF_THE_PAGE:
        await pool.fetch(query)
    assert await pool.fetch(_SQL_OF_THE_PAGE[1]) == []
    assert (before["receivables"], aged["open_minor"], aged["number"]) == (due, due, invoice.number)
    assert (came["bank"], came["owed_to_payers"], "receivables" in came) == (10_000, due - 10_000, False)
    assert (even["bank"], "owed_to_payers" in even, "receivables" in even) == (due - 200, False, False)
    gone = await balances(pool)
    assert (gone["bank"], gone["receivables"]) == (due - 200 - 10_000, 10_000)
    assert sum(gone.values()) == 0


@given(priced_trips(), st.integers(-(10**6), 10**6))
def test_the_lines_share_the_net_amount_to_the_last_cent(priced: Any, net: int) -> None:
    lines = price(*priced).lines

    shared = [share for _, share in shares_of(Money(amount_minor=net, currency=Currency.EUR), lines, ())]

    assert sum(share.amount_minor for share in shared) == net
