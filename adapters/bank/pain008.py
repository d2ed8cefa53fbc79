"""Direct debits for the bank (pain.008.001.08): the same batch is the same file, byte for byte."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID
from xml.etree import ElementTree as ET

from sepaxml import SepaDD
from text_unidecode import unidecode

from domain.billing.debit_batch import Collection, DebitBatch
from domain.members.facts import PostalAddress

SCHEMA = "pain.008.001.08"

_NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
_OUTSIDE = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
"""What is not of the character set that all banks of SEPA take (EPC217-08)."""


class Debtor(NamedTuple):
    """Whose account it is."""

    iban: str
    holder: str
    address: PostalAddress | None


def write(batch: DebitBatch, debtors: Mapping[UUID, Debtor]) -> bytes:
    """The message; `debtors` by mandate. One block for each sequence, addresses structured, no line of free text."""
    seller = batch.seller
    message = SepaDD(
        {
            "name": _plain(seller.name, 70),
            "IBAN": (seller.iban or "").replace(" ", ""),
            "batch": True,
            "creditor_id": (seller.creditor_id or "").replace(" ", ""),
            "currency": "EUR",
            "address": _address(seller.street, seller.postcode, seller.city, seller.country),
        },
        schema=SCHEMA,
    )
    for collection in batch.collections:
        message.add_payment(_payment(batch, collection, debtors[collection.mandate_id]))
    return _named(message.export(validate=False), batch)


def _payment(batch: DebitBatch, collection: Collection, debtor: Debtor) -> dict[str, object]:
    at = debtor.address
    return {
        "name": _plain(debtor.holder, 70),
        "IBAN": debtor.iban,
        "amount": collection.amount.amount_minor,
        "type": collection.sequence,
        "collection_date": batch.collection_on,
        "mandate_id": collection.mandate_reference,
        "mandate_date": collection.signed_on,
        "endtoend_id": collection.debit_id.hex.upper(),
        "description": _plain(f"{collection.number} {batch.seller.name}", 140),
        "address": _address(at.street, at.postcode, at.city, at.country) if at else {},
    }


def _named(xml: bytes, batch: DebitBatch) -> bytes:
    """With the ids and the time of the batch, where the library takes chance and the clock."""
    ET.register_namespace("", _NAMESPACE)
    root = ET.fromstring(xml)  # noqa: S314 (our own)
    told = {"MsgId": batch.message_id, "CreDtTm": f"{batch.made_at:%Y-%m-%dT%H:%M:%S}"}
    for name, text in told.items():
        for node in root.iter(f"{{{_NAMESPACE}}}{name}"):
            node.text = text
    for block in root.iter(f"{{{_NAMESPACE}}}PmtInf"):
        sequence = block.findtext(f".//{{{_NAMESPACE}}}SeqTp")
        for node in block.iter(f"{{{_NAMESPACE}}}PmtInfId"):
            node.text = batch.block_id("FRST" if sequence == "FRST" else "RCUR")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(ET.tostring(root, "utf-8"))


def _address(street: str, postcode: str, town: str, country: str) -> dict[str, str]:
    """Structured, as banks demand since 15 November 2026. Its type is never given: that is no valid XML here."""
    told = {"street_name": _plain(street, 70), "postcode": _plain(postcode, 16), "town": _plain(town, 35)}
    return {**told, "country": country}


def _plain(text: str, most: int) -> str:
    """In the characters of SEPA."""
    return re.sub(r" +", " ", _OUTSIDE.sub(" ", unidecode(text))).strip()[:most]
