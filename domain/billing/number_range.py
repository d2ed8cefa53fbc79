"""Numbers of invoices and credit notes: one range per legal entity and kind of document, without a gap."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import derived_id
from domain.kernel.values import Count
from domain.rulebook.legal_entity import LegalEntity

Document = Literal["invoice", "credit_note"]
MARKS: dict[Document, str] = {"invoice": "", "credit_note": "C"}


class NumberRange(Aggregate):
    """opened -> (taken)*. A number is taken in the same append as the document that bears it, so none can be lost."""

    TOPIC = "billing.number_range"
    SHARED = True  # a legal entity may issue the invoices of several services

    legal_entity: str
    prefix: str
    last: int = 0

    class Opened(Created):
        TOPIC = "billing.number_range.opened"

        legal_entity: str
        prefix: str

    class Taken(Event):
        TOPIC = "billing.number_range.taken"

        sequence: Count
        number: str
        document_id: UUID

        def apply(self, aggregate: "NumberRange") -> None:
            aggregate.last = self.sequence

    @staticmethod
    def id_of(legal_entity: LegalEntity, document: Document) -> UUID:
        """The one range of a legal entity for a kind of document."""
        return derived_id("billing.number_range", legal_entity.id, document)

    @classmethod
    def open(cls, legal_entity: LegalEntity, document: Document, at: datetime) -> "NumberRange":
        """Begin a range at one."""
        prefix = f"{legal_entity.number_prefix}{MARKS[document]}"
        range_id = cls.id_of(legal_entity, document)
        return cls.begin(cls.Opened, id=range_id, timestamp=at, legal_entity=legal_entity.id, prefix=prefix)

    def take(self, document_id: UUID, at: datetime) -> str:
        """The next number, for one document."""
        sequence = self.last + 1
        number = f"{self.prefix}{sequence:08d}"
        self.trigger_event(self.Taken, timestamp=at, sequence=sequence, number=number, document_id=document_id)
        return number
