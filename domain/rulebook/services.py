"""The services that this installation runs, by key."""

from domain.rulebook.drivenow_europe import DRIVENOW_EUROPE
from domain.rulebook.model import Rulebook
from domain.rulebook.reachnow_usa import REACHNOW_USA

RULEBOOKS: dict[str, Rulebook] = {rulebook.key: rulebook for rulebook in (DRIVENOW_EUROPE, REACHNOW_USA)}
