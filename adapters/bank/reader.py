"""A file of a bank: which messages are in it, by what stands in them and not by what their namespace claims."""

import re

from adapters.bank.camt import statement
from adapters.bank.model import BankFile, Finding
from adapters.bank.pain002 import report
from adapters.bank.tree import Node, UnreadableBankFileError, tree

_STATEMENTS = {"BkToCstmrStmt": ("camt.053", "Stmt"), "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn")}
_REPORTS = ("CstmrPmtStsRpt", "pain.002.001.02")
_OTHERS = {
    "BkToCstmrAcctRpt": "camt.052, of bookings that may still change: give camt.053 or camt.054",
    "CstmrDrctDbtInitn": "pain.008, which goes to a bank: give what the bank has sent",
    "CstmrCdtTrfInitn": "pain.001, which goes to a bank: give what the bank has sent",
}
_NAMESPACE = re.compile(r"(?<![a-z])((?:camt|pain)\.[0-9]{3})(?:\.[0-9]{3}\.([0-9]{2}))?", re.ASCII)


def read(data: bytes) -> BankFile:
    """All that a file says. Raises `UnreadableBankFileError` where it is none that can be read."""
    root = tree(data)
    messages = [*root.within(*_STATEMENTS, *_REPORTS)]
    if not messages:
        raise UnreadableBankFileError(_what_it_is(root))
    kinds = {_kind(message) for message in messages}
    if len(kinds) > 1:
        raise UnreadableBankFileError(f"it has messages of several kinds ({', '.join(sorted(kinds))}): give one by one")
    kind, (named, version) = kinds.pop(), _namespace(root)
    statements = [part for message in messages if message.name in _STATEMENTS for part in _parts(message)]
    claims = [Finding(kind, f"its namespace says {named}, it is {kind}")] if named not in {None, kind} else []
    return BankFile(
        kind=kind,
        version=version,
        statements=tuple(map(statement, statements)),
        reports=tuple(report(message) for message in messages if message.name in _REPORTS),
        findings=tuple(claims),
    )


def _kind(message: Node) -> str:
    return _STATEMENTS[message.name][0] if message.name in _STATEMENTS else "pain.002"


def _parts(message: Node) -> list[Node]:
    kind, name = _STATEMENTS[message.name]
    found = message.all(name)
    if not found:
        raise UnreadableBankFileError(
            f"{message.name} has no {name}, so that it is no whole {kind} message: fetch it from the bank again"
        )
    return found


def _namespace(root: Node) -> tuple[str | None, int | None]:
    """What the elements around the message are declared to be, by their first namespace that names a message."""
    left = [root]
    while left:
        node = left.pop(0)
        for name, value in node.attributes.items():
            if name.lower().partition(":")[0] == "xmlns" and (found := _NAMESPACE.search(value)):
                return found[1], int(found[2]) if found[2] else None
        if len(node.children) <= 2:  # noqa: PLR2004 (an envelope has a head and a body)
            left += node.children
    return None, None


def _what_it_is(root: Node) -> str:
    known = next((node.name for node in root.within(*_OTHERS)), None)
    if known is not None:
        return f"it is {_OTHERS[known]}"
    begins = f"it is XML that begins with {root.name[:40]!r}"
    return f"{begins} and has no message of a bank: give camt.053, camt.054 or pain.002"
