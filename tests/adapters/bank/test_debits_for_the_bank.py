"""Batches of debits as pain.008: valid, in full, and always the same bytes."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sepaxml
import xmlschema

from adapters.bank.pain008 import SCHEMA, Debtor, write
from adapters.bank.tree import tree
from domain.billing.debit_batch import Collection, DebitBatch
from domain.billing.mandate import Sequence
from domain.kernel.ids import derived_id
from domain.kernel.money import Currency, Money
from domain.members.facts import PostalAddress
from tests.support.services import DRIVENOW_EUROPE

XSD = xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd")
SELLER = DRIVENOW_EUROPE.city("berlin").legal_entity
SWISS = PostalAddress(street="Bahnhofstrasse 1", postcode="8001", city="Zürich", country="CH")


def collected(n: int, sequence: Sequence, minor: int) -> Collection:
    return Collection(
        debit_id=derived_id("debit", n),
        mandate_id=derived_id("mandate", n),
        mandate_reference=derived_id("mandate", n).hex.upper(),
        signed_on=date(2026, 1, 2),
        sequence=sequence,
        amount=Money.of(minor, Currency.EUR),
        number=f"DE-0000000{n}",
    )


COLLECTIONS = (collected(1, "FRST", 340), collected(2, "RCUR", 5), collected(3, "FRST", 1_000_000))
DEBTORS = {
    derived_id("mandate", 1): Debtor("DE89370400440532013000", "Zoë Müller-Łukasz & Søn", None),
    derived_id("mandate", 2): Debtor("CH9300762011623852957", "Ada Ek", SWISS),
    derived_id("mandate", 3): Debtor("AT611904300234573201", "N" * 70, None),
}
BATCH = DebitBatch.make(
    UUID("01922f3e-8f60-7d3a-8e52-3f8a11c0de05"),
    SELLER,
    date(2026, 3, 12),
    COLLECTIONS,
    datetime(2026, 3, 9, 8, 1, tzinfo=UTC),
)


def test_the_file_is_valid_and_has_each_debit_once_by_creditor_and_sequence() -> None:
    root = tree(write(BATCH, DEBTORS))
    message = root.children[0]

    XSD.validate(write(BATCH, DEBTORS).decode())
    blocks = message.all("PmtInf")
    assert (message.said("GrpHdr/MsgId"), message.said("GrpHdr/NbOfTxs"), message.said("GrpHdr/CtrlSum")) == (
        BATCH.message_id, "3", "10003.45",
    )  # fmt: skip
    assert [
        (block.said("PmtInfId"), block.said("PmtTpInf/SeqTp"), block.said("NbOfTxs"), block.said("CtrlSum"))
        for block in blocks
    ] == [(BATCH.block_id("FRST"), "FRST", "2", "10003.40"), (BATCH.block_id("RCUR"), "RCUR", "1", "0.05")]
    assert {block.said("ReqdColltnDt") for block in blocks} == {"2026-03-12"}
    assert {block.said("CdtrSchmeId/Id/PrvtId/Othr/Id") for block in blocks} == {SELLER.creditor_id}
    told = [one.said("PmtId/EndToEndId") for block in blocks for one in block.all("DrctDbtTxInf")]
    assert sorted(filter(None, told)) == sorted(one.debit_id.hex.upper() for one in COLLECTIONS)


def test_addresses_are_structured_and_texts_in_the_characters_of_all_banks() -> None:
    text = write(BATCH, DEBTORS).decode()

    assert "<TwnNm>Zurich</TwnNm>" in text
    assert "Zoe Muller-Lukasz Son" in text
    assert "AdrLine" not in text
    assert "AdrTp" not in text


def test_the_same_batch_is_the_same_file_byte_for_byte() -> None:
    assert write(BATCH, DEBTORS) == write(BATCH, DEBTORS)
    assert b"2026-03-09T08:01:00" in write(BATCH, DEBTORS)


@pytest.mark.parametrize("debtor", [Debtor("DE89370400440532013000", "N" * 200, None)])
def test_ids_and_names_are_no_longer_than_banks_take(debtor: Debtor) -> None:
    text = write(BATCH, dict.fromkeys(DEBTORS, debtor)).decode()

    XSD.validate(text)
    assert max(len(BATCH.block_id("FRST")), len(BATCH.message_id), len(COLLECTIONS[0].mandate_reference)) <= 35
