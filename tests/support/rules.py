"""Rulebooks with one limit changed, where a test would have to wait too long for the real one."""

from collections.abc import Mapping

from adapters.rulebooks import shipped_texts

Texts = Mapping[str, Mapping[str, str]]
"""By service and file."""


def in_each(amount: str) -> str:
    """The same figure in each currency of DriveNow Europe."""
    return f"{{ EUR = {amount}, GBP = {amount}, SEK = {amount}, DKK = {amount} }}"


def with_limit(section: str, name: str, value: str) -> Texts:
    """DriveNow Europe with another limit, written as TOML: `with_limit("trip", "unlock_timeout", '"PT1S"')`."""
    key = "drivenow-europe"
    files = shipped_texts()[key]
    return {**shipped_texts(), key: {**files, "service.toml": changed(files["service.toml"], section, name, value)}}


def changed(text: str, section: str, name: str, value: str) -> str:
    """A text in which a section says something else, or says it at all."""
    lines = text.splitlines()
    begin = lines.index(f"[{section}]") + 1
    end = next((n for n, line in enumerate(lines) if n >= begin and line.startswith("[")), len(lines))
    others = [line for line in lines[begin:end] if not line.startswith(f"{name} =")]
    return "\n".join([*lines[:begin], f"{name} = {value}", *others, *lines[end:], ""])
