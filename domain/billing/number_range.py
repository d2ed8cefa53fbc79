"""Numbers of invoices and credit notes: a range per legal entity, kind of document and year, without a gap."""

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
    document: Document
    year: int
    last: int = 0

    class Opened(Created):
        TOPIC = "billing.number_range.opened"

        legal_entity: str
        document: Document
        year: Count
        """In which its documents are issued, by the local day."""

    class Taken(Event):
        TOPIC = "billing.number_range.taken"

        sequence: Count
        number: str
        document_id: UUID

        def apply(self, aggregate: "NumberRange") -> None:
            aggregate.last = self.sequence

    @staticmethod
    def id_of(legal_entity: LegalEntity, document: Document, year: int) -> UUID:
        """The one range of a legal entity for a kind of document in a year."""
        return derived_id("billing.number_range", legal_entity.id, document, year)

    @classmethod
    def open(cls, legal_entity: LegalEntity, document: Document, year: int, at: datetime) -> "NumberRange":
        """Begin a range at one."""
        range_id = cls.id_of(legal_entity, document, year)
        facts = {"legal_entity": legal_entity.id, "document": document, "year": year}
        return cls.begin(cls.Opened, id=range_id, timestamp=at, **facts)

    def take(self, legal_entity: LegalEntity, document_id: UUID, at: datetime) -> str:
        """The next number, for one document, written as its seller writes numbers now."""
        sequence = self.last + 1
        number = legal_entity.number(MARKS[self.document], self.year, sequence)
        self.trigger_event(self.Taken, timestamp=at, sequence=sequence, number=number, document_id=document_id)
        return number
