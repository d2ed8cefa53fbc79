"""What is not settled yet between a member and the company."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from domain.kernel.errors import Violation

OpenItemKind = Literal["unsettled", "charge_in_review", "unpaid_invoice", "open_refund"]
"""A trip, a reservation or a fee that is to be paid, a charge, an invoice whose money could not be taken, or a credit
note whose money is not back yet."""

_HELP: Mapping[OpenItemKind, str] = {
    "unsettled": "a trip, a reservation or a fee is not paid yet: try again once it is",
    "charge_in_review": "a charge waits for a review: decide it first",
    "unpaid_invoice": "an invoice could not be charged: have it paid, or credit it, first",
    "open_refund": "money is to be given back and is not there yet: wait for it, or record how else it was paid, first",
}


def open_item_violations(items: Mapping[UUID, OpenItemKind]) -> list[Violation]:
    """What stands against forgetting who must still pay, or be paid: one for each kind."""
    by_kind = {kind: [str(id) for id, found in items.items() if found == kind] for kind in _HELP}
    return [
        Violation(code=f"member.{kind}", detail=_HELP[kind], values={"ids": ids})
        for kind, ids in by_kind.items()
        if ids
    ]
