"""Numbers of bank accounts (ISO 13616), and whether direct debits reach them."""

import re

SEPA = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
"""Countries of the SEPA schemes (EPC409-09), and how long an IBAN of theirs is."""
OUTSIDE_EEA = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
"""Debits of accounts there need the address of the debtor."""

_FORM = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def compact(iban: str) -> str:
    """Without the spaces that people read it by."""
    return re.sub(r"\s", "", iban).upper()


def is_iban(text: str) -> bool:
    """By its check digits, and by its length where the country is one of SEPA."""
    if not _FORM.fullmatch(text) or SEPA.get(text[:2], len(text)) != len(text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def is_creditor_id(text: str) -> bool:
    """By its check digits, which the three characters of the business code are not part of (EPC262-08)."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}", text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[7:] + text[:4])) % 97 == 1


def masked(iban: str) -> str:
    """What may be shown of it: the country and the last four characters."""
    return f"{iban[:2]}** **** {iban[-4:]}"
