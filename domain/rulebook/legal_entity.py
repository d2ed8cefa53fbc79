"""Who sells: the company whose name stands on invoices."""

from typing import Annotated

from pydantic import Field

from domain.rulebook.base import Rules


class LegalEntity(Rules):
    """Who issues the invoices of a country (EN 16931: seller)."""

    id: str
    """Names its ranges of invoice numbers."""
    name: str
    """As it stands on the invoice."""
    street: str
    """Of its address, with the number of the house."""
    postcode: str
    """Of its address."""
    city: str
    """Of its address; in some countries with the state, e.g. Seattle, WA."""
    country: str
    """ISO 3166 code."""
    vat_id: str
    """As it stands on the invoice; in the European Union with the code of the country before it, e.g. DE999999999."""
    number_prefix: str
    """Tells its numbers from those of others."""
    number_format: str = "{prefix}{kind}{year}-{sequence}"
    """How numbers are written: `prefix`, `kind` (nothing for invoices, C for credit notes), `year` and `sequence`.

    Each stands in it once, in braces. They begin at one in each year, so that only all four together name a document.
    """
    number_digits: Annotated[int, Field(ge=1, le=12)] = 6
    """How many digits `sequence` has at least."""
    iban: str | None = None
    """Bank account that invoices may be paid to, where there is one (BT-84)."""
    creditor_id: str | None = None
    """By which SEPA knows who collects direct debits (Germany: from the Bundesbank); none where nobody does."""
    contact: str | None = None
    """Whom to ask about an invoice: a person or a department. XRechnung asks for it, and for the next two."""
    phone: str | None = None
    """Where they are called."""
    email: str | None = None
    """Where they are written to."""
    legal_notice: str | None = None
    """What law wants at the foot of its letters, such as where it is registered."""

    def number(self, kind: str, year: int, sequence: int) -> str:
        """The number of a document."""
        digits = f"{sequence:0{self.number_digits}}"
        return self.number_format.format(prefix=self.number_prefix, kind=kind, year=year, sequence=digits)
