"""Which documents can be electronic invoices of EN 16931, and what the others lack.

The standard knows the value added tax of the European Union alone, one category for each line, and a buyer with a name
and a country. XRechnung asks for more: whom to ask, and where both are reached.
"""

from collections.abc import Iterator

from domain.billing.document import Document
from domain.kernel.errors import Violation

UNION = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""ISO 3166 codes of its members."""


def vat_prefix(country: str) -> str:
    """What a VAT id of a country begins with (Directive 2006/112/EC, 215)."""
    return "EL" if country == "GR" else country


def lacks_for_en16931(document: Document) -> list[Violation]:
    """What speaks against an electronic invoice; nothing where there can be one."""
    return [*_tax(document), *_seller(document), *_buyer(document)]


def lacks_for_x_rechnung(document: Document, buyer_email: str | None) -> list[Violation]:
    """The same for XRechnung."""
    return [*lacks_for_en16931(document), *_contact(document), *_addresses(buyer_email)]


def _tax(document: Document) -> Iterator[Violation]:
    seller = document.seller
    if seller.country not in UNION:
        detail = "EN 16931 is for the VAT of the European Union: take the PDF"
        yield Violation(code="document.not_of_the_union", detail=detail, values={"country": seller.country})
    elif any(len(document.taxes_on(line)) != 1 for line in document.lines):
        detail = (
            "an electronic invoice has one VAT on each line, and this has a line with none or several: take the PDF"
        )
        yield Violation(code="document.not_one_vat", detail=detail, values={"taxes": [t.name for t in document.taxes]})


def _seller(document: Document) -> Iterator[Violation]:
    seller, prefix = document.seller, vat_prefix(document.seller.country)
    if seller.country in UNION and not seller.vat_id.startswith(prefix):
        detail = f"begin vat_id of the legal entity with {prefix} in the rulebook: later invoices will have it"
        yield Violation(code="document.vat_id_without_country", detail=detail, values={"legal_entity": seller.id})


def _buyer(document: Document) -> Iterator[Violation]:
    if document.buyer is None:
        detail = "who bought is no longer kept, or never was: the PDF says so"
        yield Violation(code="document.buyer_not_kept", detail=detail, values={"number": document.number})
    elif document.buyer.address is None:
        detail = "the buyer gave no postal address before it was issued, and an electronic invoice needs one"
        yield Violation(code="document.buyer_without_address", detail=detail, values={"number": document.number})


def _contact(document: Document) -> Iterator[Violation]:
    missing = [name for name in ("contact", "phone", "email") if not getattr(document.seller, name)]
    if missing:
        said = " and ".join(missing)
        detail = f"say {said} of the legal entity in the rulebook: later invoices will have it"
        values = {"legal_entity": document.seller.id, "missing": missing}
        yield Violation(code="document.seller_without_contact", detail=detail, values=values)


def _addresses(buyer_email: str | None) -> Iterator[Violation]:
    if buyer_email is None:
        detail = "XRechnung needs an address to send it to, and the payer has none any more: take factur-x"
        yield Violation(code="document.buyer_without_email", detail=detail)
