"""What a rulebook may say by its types but must not: it would fail later, or mean nothing. One small rule each."""

from domain.rulebook.faults import bounds, cities, conditions, elements, limits, packages, services, tariffs, windows
from domain.rulebook.faults.rules import Fault, faults

__all__ = ["Fault", "bounds", "cities", "conditions", "elements", "faults", "limits", "packages", "services"]
__all__ += ["tariffs", "windows"]
