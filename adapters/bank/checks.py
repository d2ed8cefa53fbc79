"""Whether a statement agrees with itself: sums of batches, counts, balances."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from adapters.bank.model import Amount, Balance, Batch, Entry, Finding, Transaction
from adapters.bank.tree import Node
from adapters.bank.values import count, number


def of_entry(
    name: str,
    amount: Amount | None,
    is_credit: bool | None,
    batches: Sequence[Batch],
    transactions: Sequence[Transaction],
) -> list[Finding]:
    """What an entry says twice, and not the same."""
    found = [Finding(name, what) for what in _batches(batches, is_credit, transactions)]
    if amount is not None and is_credit is not None and transactions:
        found += [Finding(name, what) for what in _parts(amount, is_credit, transactions)]
    return found


def _batches(batches: Sequence[Batch], is_credit: bool | None, transactions: Sequence[Transaction]) -> Iterator[str]:
    counts = [batch.count for batch in batches if batch.count is not None]
    if transactions and counts and len(counts) == len(batches) and sum(counts) != len(transactions):
        yield f"its batch claims {sum(counts)} payments, {len(transactions)} are in the file"
    totals = [batch.total for batch in batches if batch.total is not None]
    if transactions and totals and len(totals) == len(batches):
        claimed, told = _sum(totals), [part.amount for part in transactions if part.amount is not None]
        if len(told) == len(transactions) and claimed is not None and claimed != _sum(told):
            yield f"its batch claims {claimed} in all, its payments are {_sum(told) or 'of several currencies'}"
    if any(batch.is_credit not in {None, is_credit} for batch in batches):
        yield "its batch goes the other way than the entry"


def _parts(amount: Amount, is_credit: bool, transactions: Sequence[Transaction]) -> Iterator[str]:
    told = [part.amount for part in transactions if part.amount is not None]
    if len(transactions) > 1 and not told:
        yield f"none of its {len(transactions)} payments has an amount of its own"
        return
    if len(told) < len(transactions):
        yield f"{len(transactions) - len(told)} of its payments have no amount of their own"
        return
    if any(part.is_credit is not is_credit for part in transactions):
        yield "a payment in it goes the other way than the entry"
        return
    others = sorted({one.currency for one in told} - {amount.currency})
    if others:
        yield f"it is in {amount.currency}, and payments in it are in {', '.join(others)}"
        return
    together = sum((one.number for one in told), Decimal(0))
    if together != amount.number:
        yield f"its payments are {together} {amount.currency} together, and it is {amount}"


def _sum(amounts: Iterable[Amount]) -> Amount | None:
    """None where they are of several currencies."""
    listed = [*amounts]
    currencies = {amount.currency for amount in listed}
    if len(currencies) != 1:
        return None
    return Amount(sum((amount.number for amount in listed), Decimal(0)), currencies.pop())


def of_statement(
    name: str, summary: Node | None, balances: Sequence[Balance], entries: Sequence[Entry]
) -> list[Finding]:
    """What a statement says twice, and not the same."""
    found = [*_summary(summary, entries)] if summary is not None else []
    return [Finding(name, what) for what in (*found, *_repeated(entries), *_balanced(balances, entries))]


def _summary(summary: Node, entries: Sequence[Entry]) -> Iterator[str]:
    for path, kind in (("TtlNtries", None), ("TtlCdtNtries", True), ("TtlDbtNtries", False)):
        part = summary.first(path)
        if part is None:
            continue
        its = [entry for entry in entries if kind is None or entry.is_credit is kind]
        booked = [entry for entry in its if entry.status == "BOOK"]
        claimed = count(part.said("NbOfNtries"))
        if claimed not in {None, len(its), len(booked)}:
            yield f"{path} claims {claimed} entries, {len(its)} are in the file"
        total, added = part.said("Sum"), {_total(its), _total(booked)} - {None}
        if total is not None and added and number(total) not in added:
            yield f"{path} claims {total[:40]} in all, the entries in the file are {_total(its)}"


def _total(entries: Sequence[Entry]) -> Decimal | None:
    """None where they are of several currencies."""
    amounts = [entry.amount for entry in entries if entry.amount is not None]
    if not amounts:
        return Decimal(0)
    together = _sum(amounts)
    return None if together is None else together.number


def _repeated(entries: Sequence[Entry]) -> Iterator[str]:
    known = [(entry.bank_reference, entry.is_credit) for entry in entries if entry.bank_reference]
    for reference, _ in sorted({one for one in known if known.count(one) > 1}, key=str):
        yield f"several entries have the bank's reference {reference}"


def _balanced(balances: Sequence[Balance], entries: Sequence[Entry]) -> Iterator[str]:
    begin = _one_of(balances, ("OPBD", "PRCD", "ITBD"))
    end = _one_of(balances[::-1], ("CLBD", "ITBD"))
    if begin is None or end is None or begin is end or begin.amount is None or end.amount is None:
        return
    if begin.amount.currency != end.amount.currency:
        yield f"{begin.code} is in {begin.amount.currency} and {end.code} in {end.amount.currency}: nothing adds up"
        return
    booked = [entry for entry in entries if entry.status in {"BOOK", None}]
    own = begin.amount.currency
    foreign = {entry.amount.currency for entry in booked if entry.amount} - {own}
    if foreign:
        yield f"entries in {', '.join(sorted(foreign))} are not added to balances in {own}"
    moves = [(entry, _signed(entry)) for entry in booked if entry.amount and entry.amount.currency == own]
    added = (begin.signed or Decimal(0)) + sum((moved for _, moved in moves), Decimal(0))
    if begin.signed is None or end.signed is None or added == end.signed:
        return
    later = sum((moved for e, moved in moves if e.value_on and end.on and e.value_on > end.on), Decimal(0))
    why = f": it leaves out {later}, whose value date is later" if later and added - later == end.signed else ""
    yield f"{begin.code} {begin.signed} and the entries in {own} are {added}, {end.code} says {end.signed}{why}"


def _one_of(balances: Sequence[Balance], codes: Sequence[str]) -> Balance | None:
    return next((balance for code in codes for balance in balances if balance.code == code), None)


def _signed(entry: Entry) -> Decimal:
    if entry.amount is None or entry.is_credit is None:
        return Decimal(0)
    return entry.amount.number if entry.is_credit else -entry.amount.number
