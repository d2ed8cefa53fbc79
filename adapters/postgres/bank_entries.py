"""The table `csbe.bank_entries`: what stood on a bank account and was for no invoice that its payer had named."""

from collections.abc import Collection

import asyncpg

from domain.billing.bank_entry import BankEntry

_KEEP = """
insert into csbe.bank_entries
    (entry_id, service, seller, kind, reference, amount_minor, currency, value_on, booked_on, code, why)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing
"""


class BankEntries:
    """Keeps them, each once, without who paid and what they wrote."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, service: str, seller: str, entries: Collection[tuple[BankEntry, str]]) -> None:
        """Each with why it is for no invoice; what is there already stays as it is."""
        await self._pool.executemany(_KEEP, [_row(service, seller, entry, why) for entry, why in entries])


def _row(service: str, seller: str, entry: BankEntry, why: str) -> tuple[object, ...]:
    money = (None, None) if entry.amount is None else (entry.amount.amount_minor, entry.amount.currency.value)
    days = (entry.value_on, entry.booked_on)
    return (entry.entry_id, service, seller, entry.kind, entry.reference, *money, *days, entry.code, why)
