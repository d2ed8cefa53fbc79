"""A batch of debits: one message to the bank of one seller."""

from datetime import date, datetime
from uuid import UUID

from domain.billing.mandate import Sequence
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.money import Money
from domain.kernel.values import Value
from domain.rulebook.legal_entity import LegalEntity


class Collection(Value):
    """One debit as the bank is told of it; whose account it is, the mandate knows."""

    debit_id: UUID
    mandate_id: UUID
    mandate_reference: str
    signed_on: date
    sequence: Sequence
    amount: Money
    number: str
    """Of the invoice."""


class DebitBatch(Aggregate):
    """Made once, never changed: the same batch is the same message, however often it is written."""

    TOPIC = "billing.debit_batch"

    seller: LegalEntity
    collection_on: date
    made_at: datetime
    collections: tuple[Collection, ...]

    class Made(Created):
        TOPIC = "billing.debit_batch.made"

        seller: LegalEntity
        """As it was then."""
        collection_on: date
        made_at: datetime
        collections: tuple[Collection, ...]

    @classmethod
    def make(
        cls, id: UUID, seller: LegalEntity, collection_on: date, collections: tuple[Collection, ...], at: datetime
    ) -> "DebitBatch":
        """Put debits together."""
        what = {"seller": seller, "collection_on": collection_on, "collections": collections}
        return cls.begin(cls.Made, id=id, timestamp=at, made_at=at, **what)

    @property
    def message_id(self) -> str:
        """By which the bank tells of it, at most 35 characters."""
        return self.id.hex.upper()

    def block_id(self, sequence: Sequence) -> str:
        """Of the block of one sequence in the message (PmtInfId), at most 35 characters."""
        return f"{self.message_id[:30]}{sequence}"
