"""Single values of a bank's file: amounts, dates, directions. What is not one is found, and never guessed."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from adapters.bank.model import Amount, BankCode, Charges, Status
from adapters.bank.tree import Node

Find = Callable[[str], None]
"""Takes down what is wrong."""

_NUMBER = re.compile(r"\+?(?=\.?[0-9])[0-9]{0,18}(?:\.[0-9]{0,5})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?=$|T|Z|[+-])", re.ASCII)
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE"})
_FULL_LINES = frozenset({27, 35, 70, 105, 140})
"""Lengths at which banks cut a text, in the middle of a word if need be."""


def number(text: str | None) -> Decimal | None:
    """A decimal without a sign; none for anything else."""
    return Decimal(text.lstrip("+")) if text and _NUMBER.fullmatch(text) else None


def count(text: str | None) -> int | None:
    """How many."""
    return int(text) if text and _COUNT.fullmatch(text) else None


def amount(node: Node | None, find: Find) -> Amount | None:
    """Of an element with a currency; none, and said so, where it has no number or no currency."""
    if node is None:
        return None
    given, currency = node.text.strip(), next((v for k, v in node.attributes.items() if k.lower() == "ccy"), "").strip()
    if not given:
        return None
    value = number(given)
    if value is None:
        find(f"{node.name} {given[:40]!r} is no amount")
    elif not _CURRENCY.fullmatch(currency):
        find(f"{node.name} {given[:40]} has no currency")
    else:
        return Amount(value, currency)
    return None


def is_credit(node: Node, find: Find) -> bool | None:
    """Whether money came in, by the `CdtDbtInd` of an element."""
    said = node.said("CdtDbtInd")
    if said is not None and said not in {"CRDT", "DBIT"}:
        find(f"CdtDbtInd {said[:40]!r} is neither CRDT nor DBIT")
    return {"CRDT": True, "DBIT": False}.get(said or "")


def is_true(text: str | None) -> bool:
    """Of an indicator."""
    return text in {"true", "1"}


def day(node: Node, path: str, find: Find) -> date | None:
    """A day, given alone or with a time."""
    said = node.said(f"{path}/Dt", f"{path}/DtTm")
    if said is None:
        return None
    found = _DAY.match(said)
    try:
        return date.fromisoformat(found[1] if found else said)
    except ValueError:
        find(f"{path} {said[:40]!r} is no date")
        return None


def moment(node: Node, path: str) -> datetime | None:
    """A point in time, where one is given."""
    said = node.said(f"{path}/DtTm")
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        return None


def reference(node: Node, *paths: str) -> str | None:
    """What somebody gave to know it by; `NOTPROVIDED` says that nobody did."""
    said = node.said(*paths)
    return None if said is None or said.upper() in _NO_REFERENCE else said


def code(node: Node) -> BankCode:
    """The kind of booking of an entry or a payment."""
    parts = [node.said(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return BankCode("/".join(filter(None, parts)) or None, node.said("BkTxCd/Prtry/Cd"))


def charges(node: Node, find: Find) -> Charges:
    """By their total, or by their only record."""
    records = [*node.all("Chrgs/Rcrd"), *(one for one in node.all("Chrgs") if one.first("Amt"))]
    total = amount(node.first("Chrgs/TtlChrgsAndTaxAmt"), find)
    if total is None and len(records) == 1:
        total = amount(records[0].first("Amt"), find)
    said = {is_true(text) for one in records if (text := one.said("ChrgInclInd")) is not None}
    return Charges(total, said.pop() if len(said) == 1 else None)


def joined(lines: tuple[str, ...]) -> str | None:
    """Lines as one text: a line that is full goes on in the next one, any other ends a word."""
    text = ""
    for number_of_line, line in enumerate(lines):
        cut = number_of_line > 0 and len(lines[number_of_line - 1]) in _FULL_LINES
        text += line if not text or cut else f" {line}"
    return text or None


def status(node: Node, path: str) -> Status:
    """A status with its reason, of whichever part of a report."""
    reasons = node.all("StsRsnInf")
    reason = next((said for one in reasons if (said := one.said("Rsn/Cd", "Rsn/Prtry"))), None)
    texts = [line.text.strip() for one in reasons for line in one.all("AddtlInf")]
    return Status(node.said(path), reason, " ".join(filter(None, texts)) or None)
