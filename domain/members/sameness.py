"""When two ways to write an address or a licence mean the same one."""

from unicodedata import normalize

import idna


def same_email(address: str) -> str:
    """One way to write an address: case, width and composed letters do not count, nor how the domain is encoded.

    Dots and what follows a plus do: only the provider knows whether they matter there. The domain as in DNS, by UTS 46
    and IDNA 2008 (RFC 5891).
    """
    local, _, domain = normalize("NFKC", address.strip()).rpartition("@")
    try:
        host = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        host = domain
    return f"{normalize('NFKC', local.lower())}@{host.lower().rstrip('.')}"


def same_licence(country: str, number: str) -> str:
    """One way to write a licence: its letters and digits alone, with the country that gave it out."""
    plain = normalize("NFKC", normalize("NFKC", number).upper())
    return f"{country.upper()}/{''.join(letter for letter in plain if letter.isalnum())}"
