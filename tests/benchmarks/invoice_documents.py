"""How many invoices of a trip a core writes in a second: as XML, as PDF, and as PDF with the XML inside.

Run with `python -m tests.benchmarks.invoice_documents`: it needs no database.
"""

import asyncio
import json
import sys
import time

from adapters.documents import cii, pdf
from domain.billing.document import of_invoice
from tests.adapters.documents.papers import issued

INVOICES = 200


def measure(_: str) -> dict[str, float]:
    """`invoices_per_s`, and `invoice_xml_per_s` and `invoice_pdf_per_s` of its parts, by processor time."""
    document = of_invoice(asyncio.run(issued()), "de")
    compiler = pdf.compiler()
    pdf.made(document, cii.factur_x(document), compiler)  # the first one reads fonts and schemas
    written, made = 0.0, 0.0
    for number in range(INVOICES):
        one = document.model_copy(update={"number": f"DE-2021-{number:06}"})
        begin = time.process_time()
        xml = cii.factur_x(one)
        written += time.process_time() - begin
        begin = time.process_time()
        pdf.made(one, xml, compiler)
        made += time.process_time() - begin
    return {
        "invoices_per_s": round(INVOICES / (written + made), 1),
        "invoice_xml_per_s": round(INVOICES / written, 1),
        "invoice_pdf_per_s": round(INVOICES / made, 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(""), indent=2) + "\n")
