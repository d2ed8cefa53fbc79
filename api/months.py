"""The run of a month: what waits becomes invoices, one payer after the other, each in an append of its own.

So it can be stopped at any time and run again, also twice at once: what is billed already waits no more.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from api.system import System
from domain.billing.commands import MOST_CHARGES, BillMonth
from domain.dispatcher import CommandResult
from domain.kernel.errors import DomainError, RefusedError, VersionConflictError
from domain.kernel.ids import ChargeId, PayerId
from domain.kernel.messages import Actor, Metadata, Role

_PAYERS_AT_ONCE = 500
_ATTEMPTS = 100
_BATCH = """
select payer_id, seller, currency, array_agg(charge_id order by supplied_on, raised_at, charge_id) as charge_ids
from read_v1.charges
where service = $1 and state = 'waiting' and supplied_on < (to_date($2, 'YYYY-MM') + interval '1 month')::date
    and (payer_id, seller, currency) > ($3, $4, $5)
group by payer_id, seller, currency order by payer_id, seller, currency limit $6
"""
_LEFT = """
select state, count(*) as charges from read_v1.charges
where service = $1 and state in ('in_review', 'announced') and raised_at < to_date($2, 'YYYY-MM') + interval '1 month'
group by state
"""
_FIRST = (UUID(int=0), "", "")


@dataclass(frozen=True)
class Refused:
    """A payer whose charges wait on, and why."""

    payer_id: str
    seller: str
    why: str


@dataclass
class MonthRun:
    """What came of it."""

    month: str
    invoices: int = 0
    refused: list[Refused] = field(default_factory=list)
    held_back: dict[str, int] = field(default_factory=dict)
    """Charges of the month or before that are not billed yet, by state: they stand on the invoice of a later month."""


@dataclass(frozen=True)
class Run:
    """An order to bill a month of a service: who gave it, and why."""

    system: System
    service: str
    month: str
    """E.g. 2026-11."""
    by: str
    reason: str

    async def carry_out(self) -> MonthRun:
        """Bill all that waits. What is refused is told, and does not stop the others."""
        done = MonthRun(self.month)
        async for row in self._waiting():
            ids = [ChargeId(charge_id) for charge_id in row["charge_ids"]]
            for start in range(0, len(ids), MOST_CHARGES):
                await self._bill(row, tuple(ids[start : start + MOST_CHARGES]), done)
        left = await self.system.fetch(_LEFT, self.service, self.month)
        done.held_back = {row["state"]: row["charges"] for row in left}
        return done

    async def _waiting(self) -> AsyncIterator[dict[str, Any]]:
        """Payers with what waits of theirs, page by page."""
        after: tuple[Any, ...] | None = _FIRST
        while after is not None:
            rows = await self.system.fetch(_BATCH, self.service, self.month, *after, _PAYERS_AT_ONCE)
            for row in rows:
                yield row
            last = rows[-1] if rows else None
            after = (last["payer_id"], last["seller"], last["currency"]) if last else None

    async def _dispatched(self, command: BillMonth, metadata: Metadata) -> CommandResult:
        """Others may take numbers of the same seller all the time: what lost against them is asked for again."""
        for _ in range(_ATTEMPTS):
            try:
                return await self.system.dispatcher.dispatch(command, metadata)
            except VersionConflictError:
                continue
        return await self.system.dispatcher.dispatch(command, metadata)

    async def _bill(self, row: dict[str, Any], ids: tuple[ChargeId, ...], done: MonthRun) -> None:
        payer_id, seller = PayerId(row["payer_id"]), row["seller"]
        command = BillMonth(month=self.month, payer_id=payer_id, seller_id=seller, charge_ids=ids)
        asker = {"service": self.service, "role": Role.OPERATOR.value, "asker": "month"}
        key = f"{self.month} {' '.join(map(str, ids))}"
        id = self.system.command_ids.of(**asker, command=command.NAME, key=key)
        metadata = Metadata.of(command, id=id, actor=Actor(role=Role.OPERATOR, id=self.by), service=self.service)
        metadata = metadata.model_copy(update={"reason": self.reason})
        try:
            result = await self._dispatched(command, metadata)
        except RefusedError as refused:
            done.refused.append(Refused(str(payer_id), seller, refused.violations[0].code))
        except DomainError as error:
            done.refused.append(Refused(str(payer_id), seller, str(error)))
        else:
            if result.changed and not result.repeated:
                done.invoices += 1


def told(done: MonthRun) -> str:
    """For people."""
    lines = [f"{done.month}: {done.invoices} invoices"]
    lines += [f"  {count} {state}: they stand on a later invoice" for state, count in sorted(done.held_back.items())]
    why = Counter(one.why for one in done.refused)
    lines += [f"  {count} payers refused: {code}" for code, count in why.items()]
    return "\n".join(lines)
