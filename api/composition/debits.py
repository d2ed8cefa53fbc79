"""Batches of debits as files for the bank."""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from adapters.bank.pain008 import Debtor, write
from adapters.files import written
from api.composition.runtime import Running
from domain.billing.debit_batch import DebitBatch
from domain.billing.mandate import Mandate
from domain.kernel.errors import NotFoundError


class BatchFile(NamedTuple):
    """What goes to the bank."""

    name: str
    """By the message id: the same batch has the same name."""
    data: bytes

    def save(self, folder: Path) -> Path:
        """Whole or not at all, for nobody else to read; the same batch again is the same file."""
        folder.mkdir(parents=True, exist_ok=True)
        with written(folder / self.name, "wb", private=True) as file:
            file.write(self.data)
        return folder / self.name


async def file_of_batch(running: Running, service: str, batch_id: UUID) -> BatchFile | None:
    """None where there is no such batch. Raises `ValueError` where a debtor was erased."""
    try:
        batch = await running.store.load(DebitBatch, batch_id, service=service)
    except NotFoundError:
        return None
    debtors = {one.mandate_id: await _debtor(running, service, one.mandate_id) for one in batch.collections}
    return BatchFile(f"{batch.message_id}.xml", write(batch, debtors))


async def _debtor(running: Running, service: str, mandate_id: UUID) -> Debtor:
    mandate = await running.store.load(Mandate, mandate_id, service=service)
    if mandate.iban is None or mandate.holder is None:
        raise ValueError(f"the holder of mandate {mandate.reference} is erased: nobody can write its file any more")
    return Debtor(mandate.iban, mandate.holder, mandate.address)
