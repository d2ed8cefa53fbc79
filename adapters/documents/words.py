"""What documents say, in each language: sentences, amounts, days."""

import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from domain.billing.document import Document, DocumentLine
from domain.kernel.money import Money
from domain.rulebook.model import Language

UNWRITABLE = "\N{REPLACEMENT CHARACTER}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
TEXTS = Path(__file__).parent / "texts"
_UNCOUNTED = frozenset({"", "trip", "once", "minimum", "credit", "rounding", "cap"})
"""Units of lines of which there is one, which needs no saying."""


@dataclass(frozen=True)
class Words:
    """One language."""

    texts: dict[str, str]
    units: dict[str, str]
    taxes: dict[str, str]

    def say(self, name: str, /, **values: str | int) -> str:
        """A sentence with these values put in."""
        return self.texts[name].format(**values)

    def number(self, value: Decimal) -> str:
        """Without zeros that say nothing, and without an exponent."""
        plain = value.normalize()
        return self._marked(f"{plain:,f}")

    def money(self, amount: Money) -> str:
        """With all digits of its currency."""
        figure = self._marked(f"{amount.major:,.{amount.currency.exponent}f}")
        return self.say("money", amount=figure, currency=amount.currency)

    def price(self, value: Decimal, of: Money) -> str:
        """Of one unit, which may be finer than the currency, and has at least its digits."""
        digits = max(of.currency.exponent, -int(value.normalize().as_tuple().exponent))
        return self.say("money", amount=self._marked(f"{value:,.{digits}f}"), currency=of.currency)

    def day(self, day: date) -> str:
        return self.say("day", year=day.year, month=day.month, day=day.day)

    def quantity(self, quantity: Decimal, unit: str) -> str:
        """How much; nothing of what is not counted."""
        if unit in _UNCOUNTED:
            return ""
        many, _, named = unit.rpartition(" ")
        word = self.units.get(named, named)
        return f"{self.number(quantity)} {TIMES} {many} {word}" if many else f"{self.number(quantity)} {word}"

    def _marked(self, figure: str) -> str:
        """A number of Python's with the marks of the language, and a minus that is no hyphen."""
        marks: dict[str, str | int | None] = {
            ",": self.texts["thousands"],
            ".": self.texts["decimal"],
            "-": "\N{MINUS SIGN}",
        }
        return figure.translate(str.maketrans(marks))


@cache
def words(language: Language) -> Words:
    """Those of a language, which has a file of them."""
    read = tomllib.loads((TEXTS / f"{language}.toml").read_text())
    return Words(units=read.pop("units"), taxes=read.pop("taxes"), texts=read)


def described(line: DocumentLine, document: Document, said: Words) -> str:
    """What a line is for, with the day where others are of another."""
    if document.credits:
        return said.say("credit_line", number=document.credits.number)
    return f"{said.day(line.supplied_on)} {line.description}" if line.supplied_on else line.description


def legible(document: Document) -> Document:
    """Without characters that neither XML nor paper can hold, such as those that control a terminal."""
    return Document.model_validate(_legible(document.model_dump()))


def _legible(value: Any) -> Any:  # what a model is made of
    match value:
        case dict():
            return {name: _legible(part) for name, part in value.items()}
        case list() | tuple():
            return tuple(_legible(part) for part in value)
        case str() if not value.isprintable():
            return "".join(_written(character) for character in value)
    return value


def _written(character: str) -> str:
    if character.isspace():
        return " "
    return UNWRITABLE if unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} else character
