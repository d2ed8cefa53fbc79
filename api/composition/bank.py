"""From a bank's file to what is on a seller's account."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from adapters.bank.model import Entry, Finding, Statement, Status, StatusReport, Transaction
from adapters.bank.reader import read
from adapters.postgres.bank_entries import BankEntries
from api.bank import Keep
from api.composition.runtime import Running
from api.debits import Refusal
from domain.billing.bank_entry import BankEntry, Doubt, EntryKind
from domain.billing.transfer import Transfer
from domain.kernel.ids import derived_id
from domain.kernel.money import Money

NotForUs = Literal["went_out", "not_booked", "not_a_payment"]


class PassedOver(NamedTuple):
    """A payment that brought nothing: our own, one that is not booked yet, or what the bank did for itself."""

    amount: str | None
    value_on: date | None
    reference: str
    why: NotForUs


@dataclass(frozen=True)
class AccountRead:
    """What a file tells of one account."""

    account: str
    entries: tuple[BankEntry, ...]
    passed_over: tuple[PassedOver, ...]
    findings: tuple[Finding, ...]


def keeper(running: Running) -> Keep:
    """Keeps what names no invoice."""
    return BankEntries(running.pool).keep


@dataclass(frozen=True)
class FileRead:
    """What a file tells: of accounts, or of debits that the bank refuses."""

    accounts: tuple[AccountRead, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def read_bank_file(data: bytes) -> FileRead:
    """Every account of a statement or a notification, or what the bank has refused of our debits.

    Raises `ValueError` for what cannot be read, or tells of neither.
    """
    file = read(data)
    if file.statements:
        return FileRead(accounts=tuple(_account(statement, file.findings) for statement in file.statements))
    ours = [report for report in file.reports if report.is_of_direct_debits]
    if not ours:
        what = f"it is {file.kind}, and tells of no direct debits"
        raise ValueError(f"{what}: give camt.053 or camt.054, or what the bank says of a pain.008")
    return FileRead(refusals=tuple(refusal for report in ours for refusal in _refusals(report)))


def _refusals(report: StatusReport) -> Iterator[Refusal]:
    """Of payments where they are named, else of whole blocks, else of the whole message."""
    for block in report.blocks:
        for payment in block.payments:
            if payment.status.is_rejected:
                yield Refusal(payment.end_to_end_id or "", (), _why(payment.status, block.status, report.status))
        if block.status.is_rejected and not block.payments:
            yield Refusal("", (block.id or "",), _why(block.status, report.status))
    if report.status.is_rejected and not report.blocks:
        yield Refusal("", (report.original_id or "",), _why(report.status))


def _why(*statuses: Status) -> str:
    """The nearest reason; MS03 (none given) where there is none."""
    return next((status.reason for status in statuses if status.reason), "MS03")[:35]


def _account(statement: Statement, findings: tuple[Finding, ...]) -> AccountRead:
    account = (statement.account or "").replace(" ", "").upper()
    payments = [
        (entry, part, nth) for entry in statement.entries for nth, part in enumerate(entry.transactions or (None,), 1)
    ]
    brought = [_entry(statement, account, n, *payment) for n, payment in enumerate(payments)]
    entries = tuple(_apart(one for one in brought if isinstance(one, BankEntry)))
    passed_over = tuple(one for one in brought if isinstance(one, PassedOver))
    return AccountRead(account, entries, passed_over, (*findings, *statement.findings))


def _apart(entries: Iterator[BankEntry]) -> Iterator[BankEntry]:
    """Entries of one file that look the same: which is which, the bank does not say, so nothing is done by itself."""
    listed = [*entries]
    counts, seen = Counter(entry.entry_id for entry in listed), Counter[UUID]()
    for entry in listed:
        nth = seen[entry.entry_id]
        seen[entry.entry_id] += 1
        if counts[entry.entry_id] > 1:
            own = entry.entry_id if nth == 0 else derived_id("bank_entry.nth", entry.entry_id, nth)
            yield entry._replace(entry_id=own, doubt=entry.doubt or "contradictory")
        else:
            yield entry


def _entry(
    statement: Statement, account: str, n: int, entry: Entry, part: Transaction | None, nth: int
) -> BankEntry | PassedOver:
    given, reference = entry.amount if part is None else part.amount, _reference(entry, part, nth)
    if why := _not_for_us(entry, part):
        return PassedOver(str(given) if given else None, entry.value_on, reference, why)
    kind, amount = _kind(entry, part), given.money if given else None
    code = entry.code if part is None else part.code
    return BankEntry(
        entry_id=_id(statement, account, kind, reference, amount, n),
        account=account,
        kind=kind,
        reference=reference,
        amount=amount or None,
        value_on=entry.value_on or entry.booked_on,
        booked_on=entry.booked_on,
        code=(code.domain or code.proprietary or "")[:60],
        words=_words(part),
        doubt=_doubt(entry, part, kind, reference, amount),
        end_to_end_id=(part.end_to_end_id or "") if part else "",
        batch_ids=_batch_ids(entry) if part is None else (),
        whole=entry.amount.money if entry.amount and len(entry.transactions) <= 1 else amount,
        return_reason=((part.return_reason if part else None) or "")[:35],
    )


def _batch_ids(entry: Entry) -> tuple[str, ...]:
    """Of the only batch that an entry is the sum of."""
    if len(entry.batches) != 1:
        return ()
    batch = entry.batches[0]
    return tuple(filter(None, (batch.payment_information_id, batch.message_id)))


def _domain(entry: Entry, part: Transaction | None) -> str:
    return (part.code.domain if part else None) or entry.code.domain or "PMNT"


def _not_for_us(entry: Entry, part: Transaction | None) -> NotForUs | None:
    if entry.status not in {"BOOK", None}:
        return "not_booked"
    if not _domain(entry, part).startswith("PMNT"):
        return "not_a_payment"
    back = entry.is_reversal or _is_return(entry, part)
    return "went_out" if entry.is_credit is False and not back else None


def _is_return(entry: Entry, part: Transaction | None) -> bool:
    """Whether a debit that we had collected comes back: by its reason, or by the bank's kind of booking."""
    said = part is not None and part.return_reason is not None
    return said or _domain(entry, part).endswith(("IDDT/UPDD", "IDDT/PRDD", "IDDT/RCDD"))


def _kind(entry: Entry, part: Transaction | None) -> EntryKind:
    if entry.is_credit is False:
        return "reversal"
    domain = _domain(entry, part)
    came_back = entry.is_reversal or domain.endswith("/RRTN") or (part is not None and part.return_reason is not None)
    return "returned" if came_back else "credit"


def _reference(entry: Entry, part: Transaction | None, nth: int) -> str:
    """The bank's own of one payment: of several in an entry each needs one of its own."""
    own = part.bank_reference if part else None
    if len(entry.transactions) <= 1:
        return (entry.bank_reference or own or "")[:200]
    return (own or (f"{entry.bank_reference}/{nth}" if entry.bank_reference else ""))[:200]


def _id(statement: Statement, account: str, kind: str, reference: str, amount: Money | None, n: int) -> UUID:
    if not reference or amount is None:
        return derived_id("bank_entry", account, statement.id or "", n)
    if kind == "credit":
        return Transfer.id_of(account, reference, amount)
    return derived_id(f"bank_entry.{kind}", account, reference, amount)


def _words(part: Transaction | None) -> tuple[str, ...]:
    if part is None:
        return ()
    texts = (part.text, " ".join(part.lines), "".join(part.lines), part.end_to_end_id, *part.creditor_references)
    return tuple(text for text in texts if text)


def _doubt(entry: Entry, part: Transaction | None, kind: str, reference: str, amount: Money | None) -> Doubt | None:
    doubts: dict[Doubt, bool] = {
        "no_amount": not amount,
        "contradictory": bool(entry.findings),
        "came_back": kind == "returned",
        "no_details": part is None,
        "no_reference": not reference,
        "no_value_date": entry.value_on is None and entry.booked_on is None,
    }
    return next((doubt for doubt, holds in doubts.items() if holds), None)
