"""The official rules of electronic invoices, run by Saxon: what a receiver's gateway would say."""

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from saxonche import PySaxonProcessor

RULES = Path(__file__).parents[1] / "data" / "einvoice_rules"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
CII = ("EN16931-CII", "XRechnung-CII")
"""CEN's rules for every invoice, KoSIT's for XRechnung besides."""
UBL = ("EN16931-UBL", "XRechnung-UBL")


@cache
def _saxon() -> Any:  # of an untyped package
    return PySaxonProcessor(license=False)


@cache
def _sheet(name: str) -> Any:  # of an untyped package
    rules = gzip.decompress((RULES / f"{name}-validation.xsl.gz").read_bytes()).decode()
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_text=rules)


def broken(xml: bytes, sheets: Sequence[str]) -> list[str]:
    """The ids of the rules that an invoice breaks, warnings too, but not what only informs."""
    node = _saxon().parse_xml(xml_text=xml.decode())
    found: list[str] = []
    for sheet in sheets:
        report = ET.fromstring(_sheet(sheet).transform_to_string(xdm_node=node))  # noqa: S314 (our own)
        failed = report.findall(f"{SVRL}failed-assert") + report.findall(f"{SVRL}successful-report")
        assert report.findall(f"{SVRL}fired-rule"), "the sheet found nothing to look at"
        found += [one.get("id", "") for one in failed if one.get("flag") != "information"]
    return found
