"""Implements `Documents`: everything is written in one thread of its own, so that the event loop serves others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from adapters.documents import cii, pdf
from adapters.documents.words import legible
from domain.billing.document import Document
from domain.billing.electronic import lacks_for_en16931, lacks_for_x_rechnung
from domain.kernel.errors import refuse_if


class DocumentWriter:
    """A document takes about as long as a small read of the database; the first one in a process longer."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
        self._compiler = pdf.compiler()

    async def pdf(self, document: Document, /) -> bytes:
        """For people; with the Factur-X inside unless something speaks against it."""
        return await self._in_thread(lambda: self._pdf(legible(document)))

    async def factur_x(self, document: Document, /) -> bytes:
        """Raises `RefusedError`."""
        refuse_if(lacks_for_en16931(document))
        return await self._in_thread(lambda: cii.factur_x(legible(document)))

    async def x_rechnung(self, document: Document, /, *, buyer_email: str | None) -> bytes:
        """Raises `RefusedError`."""
        refuse_if(lacks_for_x_rechnung(document, buyer_email))
        return await self._in_thread(lambda: cii.x_rechnung(legible(document), buyer_email))

    async def _in_thread(self, write: Callable[[], bytes]) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, write)

    def _pdf(self, document: Document) -> bytes:
        electronic = None if lacks_for_en16931(document) else cii.factur_x(document)
        return pdf.made(document, electronic, self._compiler)
