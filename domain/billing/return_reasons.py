"""Why a direct debit came back (ISO 20022 external reason codes), and what that means for the next one."""

from typing import Literal

AfterReturn = Literal["again", "wait", "mandate_ends"]
"""It is tried again; nobody tries by themselves; nothing may be collected by this mandate any more."""

_AGAIN = frozenset({"AM04", "MS03", "MS02", "ED05", "AM05", "AG02", "TM01", "DNOR", "FF05"})
"""There was no money, or the banks do not say, or something went wrong on the way."""
_MANDATE_ENDS = frozenset(
    {"AC01", "AC04", "AC06", "AC13", "AG01", "BE05", "CNOR", "MD01", "MD02", "MD07", "RC01", "SL01", "SL11", "SL12"}
)
"""The account is closed, blocked, not one or refuses debits; there is no mandate; its holder is dead."""


def after_return(reason: str) -> AfterReturn:
    """MD06 (its holder wants it back, within eight weeks) and what is not known here wait for a person."""
    if reason in _AGAIN:
        return "again"
    return "mandate_ends" if reason in _MANDATE_ENDS else "wait"
