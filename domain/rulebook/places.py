"""Where things are written: files, keys, and the tables of `shared`."""

from typing import NamedTuple

from pydantic import BaseModel

from domain.rulebook.elements import Package
from domain.rulebook.fee import Fee
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.product import Product
from domain.rulebook.rates import TimeRate
from domain.rulebook.shapes import Path
from domain.rulebook.tax import TaxRule
from domain.rulebook.windows import Window

SHARED: dict[str, type[BaseModel]] = {
    "elements": TimeRate,
    "packages": Package,
    "windows": Window,
    "taxes": TaxRule,
    "legal_entities": LegalEntity,
    "fees": Fee,
    "products": Product,
}
"""What may be shared, each by a model that it holds."""


class Place(NamedTuple):
    """A value in the files."""

    file: str
    path: Path = ()

    def __truediv__(self, part: str | int) -> "Place":
        return Place(self.file, (*self.path, part))


def group(models: tuple[type[BaseModel], ...]) -> str:
    """Where in `shared` the models of a field may stand; nowhere for most."""
    return next((name for name, model in SHARED.items() if model in models), "")


def field_of(model: type[BaseModel], key: str) -> str:
    """The field that a key means: `duration` is the field `duration_s`, which counts seconds."""
    return f"{key}_s" if key not in model.model_fields and f"{key}_s" in model.model_fields else key


def key_of(field: str | int) -> str | int:
    """The key by which a field is written."""
    return field.removesuffix("_s") if isinstance(field, str) else field
