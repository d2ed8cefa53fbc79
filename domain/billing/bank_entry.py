"""What stands on a seller's bank account, and which invoice its payer has named."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from domain.kernel.money import Money
from domain.rulebook.legal_entity import LegalEntity

EntryKind = Literal["credit", "reversal", "returned"]
"""Money that came; that the bank took back what had come; that came back as it could not be paid out."""
Doubt = Literal["no_amount", "no_reference", "no_value_date", "contradictory", "no_details", "came_back"]
"""Why nothing is done with an entry by itself."""

_CREDITOR_REFERENCE = re.compile(r"RF([0-9]{2})([A-Z0-9]{1,21})")
_FIELD = re.compile(r"([^{]*)(?:\{([a-z]+)\}|$)")
_BETWEEN = r"[\s./_-]*"


class BankEntry(NamedTuple):
    """A payment on the account, as the bank tells it. Its words are never kept: they may name people."""

    entry_id: UUID
    """The same for the same booking, in whichever file it stands; of a credit that of its transfer."""
    account: str
    kind: EntryKind
    reference: str
    """The bank's own; empty where it gave none."""
    amount: Money | None
    value_on: date | None
    booked_on: date | None
    code: str
    """What kind of booking the bank says that it is."""
    words: tuple[str, ...]
    """Where the payer may have named an invoice."""
    doubt: Doubt | None
    end_to_end_id: str = ""
    """Of one payment: by which whoever asked for it knows it."""
    batch_ids: tuple[str, ...] = ()
    """Of a sum of several payments: the blocks or messages that they were asked for by."""
    whole: Money | None = None
    """What was booked in one sum: of a return, with what the bank takes for it."""
    return_reason: str = ""
    """The bank's code, where it took money back."""


def named_numbers(words: Iterable[str], seller: LegalEntity) -> list[str]:
    """The numbers of a seller's invoices in what a payer wrote, or in a creditor reference (ISO 11649) made of one."""
    pattern = re.compile(rf"(?<![A-Z0-9]){_written(seller)}(?![A-Z0-9])")
    texts = [text.upper() for text in words]
    texts += [held for text in texts if (held := _in_creditor_reference(text)) is not None]
    found = [one for text in texts for one in pattern.finditer(text)]
    return sorted({seller.number("", int(one["year"]), int(one["sequence"])) for one in found})


def _written(seller: LegalEntity) -> str:
    """How a payer may write a number of this seller: with anything, or nothing, between letters and digits."""
    digits = seller.number_digits
    figures = {
        "year": "(?P<year>[0-9]{4})",
        "sequence": f"(?P<sequence>[0-9]{{{digits}}}|[1-9][0-9]{{{digits},{digits + 6}}})",
    }
    parts: list[str] = []
    for text, field in _FIELD.findall(seller.number_format):
        said = text + (seller.number_prefix if field == "prefix" else "")
        parts += [*re.sub(r"[^A-Z0-9]", "", said.upper()), *([figures[field]] if field in figures else [])]
    return _BETWEEN.join(parts)


def _in_creditor_reference(text: str) -> str | None:
    """What a creditor reference was made of; none where its check digits say that it was mistyped."""
    found = _CREDITOR_REFERENCE.fullmatch(re.sub(r"\s", "", text))
    if found is None:
        return None
    digits = "".join(str(int(letter, 36)) for letter in f"{found[2]}RF{found[1]}")
    return found[2].lstrip("0") if int(digits) % 97 == 1 else None
