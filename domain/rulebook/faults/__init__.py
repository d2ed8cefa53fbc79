"""What a rulebook may say by its types but must not: it would fail later, or mean nothing. One small rule each."""

from domain.rulebook.faults import (
    adjustments,
    bookings,
    bounds,
    cities,
    conditions,
    elements,
    limits,
    packages,
    products,
    reservations,
    services,
    tariffs,
    taxes,
    windows,
)
from domain.rulebook.faults.rules import Fault, faults

RULES = (
    adjustments,
    bookings,
    bounds,
    cities,
    conditions,
    elements,
    limits,
    packages,
    products,
    reservations,
    services,
    tariffs,
    taxes,
    windows,
)
"""Their rules are listed as these are imported."""

__all__ = ["RULES", "Fault", "faults"]
