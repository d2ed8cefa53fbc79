"""Documents for people: PDF/A-3a and PDF/UA-1 by Typst, the same bytes each time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

from adapters.documents import xmp
from adapters.documents.words import UNWRITABLE, Words, described, words
from domain.billing.document import Document, DocumentLine
from domain.billing.electronic import UNION
from domain.billing.taxes import TaxAmount
from domain.kernel.money import Money

_TEMPLATE = Path(__file__).parent / "document.typ"
_NAMED = re.compile(r'(?:the text|the codepoint) `"(.+?)"`')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def compiler() -> typst.Compiler:
    """Makes documents one after the other; fonts are its own, so that each machine makes the same.

    It is for one thread at a time, and keeps what it has read, so that only the first one takes long.
    """
    return typst.Compiler(_TEMPLATE, ignore_system_fonts=True)


def made(document: Document, electronic: bytes | None, by: typst.Compiler) -> bytes:
    """The document, with its electronic invoice inside if there is one.

    A character that no font has stands as U+FFFD: it is in the electronic invoice.
    """
    said = json.dumps(said_by(document, attached=electronic is not None), ensure_ascii=False)
    while True:
        try:
            return _compiled(said, electronic, by)
        except typst.TypstError as error:
            before, said = said, said.translate(dict.fromkeys(map(ord, _missing_in(error)), UNWRITABLE))
            if said == before:
                raise


def _compiled(said: str, electronic: bytes | None, by: typst.Compiler) -> bytes:
    given = {"document": said} | ({"attachment": electronic.decode()} if electronic is not None else {})
    made = by.compile(format="pdf", sys_inputs=given, pdf_standards=["a-3a", "ua-1"])
    if not isinstance(made, bytes):
        raise TypeError("typst gave several files, or none, for one PDF")
    return made if electronic is None else xmp.marked(made)


def _missing_in(error: typst.TypstError) -> str:
    """The characters that no font has, by what the compiler says of them."""
    named = "".join(_NAMED.findall(error.diagnostic))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), named)


def said_by(document: Document, *, attached: bool) -> dict[str, Any]:
    """What the template puts in its places."""
    said, day = words(document.language), document.issued_on
    named = said.say(document.kind)
    return {
        "title": f"{named} {document.number}",
        "language": document.language,
        "issued": {"year": day.year, "month": day.month, "day": day.day},
        "seller": _seller(document, said),
        "buyer": {"kept": document.buyer is not None, "lines": _buyer(document, said)},
        "facts": [{"name": name, "value": value} for name, value in _facts(document, said)],
        "credits": _credits(document, said),
        "columns": [said.say(name) for name in ("description", "quantity", "unit_amount", "amount")],
        "lines": [_line(line, document, said) for line in document.lines],
        "sums": [{"name": name, "amount": said.money(amount)} for name, amount in _sums(document, said)],
        "gross": {"name": said.say(f"gross_{document.kind}"), "amount": said.money(document.gross)},
        "notes": [*_notes(document, said, attached=attached)],
        "page": said.texts["page"],
        "attachment": said.say("attachment"),
    }


def _seller(document: Document, said: Words) -> dict[str, Any]:
    seller = document.seller
    place = f"{seller.postcode} {seller.city}"
    tax_id = said.say("vat_id" if seller.country in UNION else "tax_id", vat_id=seller.vat_id)
    reached = " · ".join(way for way in (seller.phone, seller.email) if way)
    lines = [f"{seller.name} · {seller.street} · {place}", reached, tax_id, seller.legal_notice]
    return {
        "name": seller.name,
        "line": f"{seller.name} · {seller.street} · {place}",
        "footer": [line for line in lines if line],
    }


def _buyer(document: Document, said: Words) -> list[str]:
    buyer = document.buyer
    if buyer is None:
        return [said.say("buyer_not_kept")]
    if buyer.address is None:
        return [buyer.name, said.say("buyer_address_unknown")]
    address = buyer.address
    abroad = [address.country] if address.country != document.seller.country else []
    return [buyer.name, address.street, f"{address.postcode} {address.city}", *abroad]


def _facts(document: Document, said: Words) -> Iterator[tuple[str, str]]:
    yield said.say("number"), document.number
    yield said.say("issued_on"), said.day(document.issued_on)
    first, last = document.supplied_from, document.supplied_on
    if first == last:
        yield said.say("supplied_on"), said.day(last)
    else:
        yield said.say("period"), f"{said.day(first)} \N{EN DASH} {said.day(last)}"


def _credits(document: Document, said: Words) -> str | None:
    if document.credits is None:
        return None
    return said.say("credits", number=document.credits.number, day=said.day(document.credits.issued_on))


def _line(line: DocumentLine, document: Document, said: Words) -> dict[str, str]:
    quantity = said.quantity(line.quantity, line.unit)
    price = said.price(line.unit_amount, line.amount) if quantity and line.unit_amount is not None else ""
    told = {"quantity": quantity, "unit_amount": price, "amount": said.money(line.amount)}
    return {"description": described(line, document, said), **told}


def _sums(document: Document, said: Words) -> Iterator[tuple[str, Money]]:
    yield said.say("net"), document.net
    for tax in _levied(document):
        if tax.exempt:
            continue
        name, rate = said.taxes.get(tax.name, tax.name), said.number(tax.rate * 100)
        yield said.say("tax", name=name, rate=rate, base=said.money(tax.base)), tax.amount


def _notes(document: Document, said: Words, *, attached: bool) -> Iterator[str]:
    yield _on_taxes(document, said)
    yield said.say(f"payment_{document.kind}")
    if document.seller.contact:
        reached = (document.seller.contact, document.seller.phone, document.seller.email)
        yield said.say("questions", contact=", ".join(way for way in reached if way))
    if attached:
        yield said.say("attached")


def _on_taxes(document: Document, said: Words) -> str:
    levied = [tax for tax in _levied(document) if not tax.exempt]
    contained = any(tax.inclusive for tax in levied)
    sentence = said.say("amounts_with_tax" if contained else "amounts_without_tax" if levied else "no_tax")
    exempt = [tax for tax in _levied(document) if tax.exempt]
    return " ".join(
        [sentence, *[said.say("exempt", amount=said.money(tax.base), reason=str(tax.exempt)) for tax in exempt]]
    )


def _levied(document: Document) -> list[TaxAmount]:
    """The taxes that are on something."""
    return [tax for tax in document.taxes if tax.base]
