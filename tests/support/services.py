"""The services that tests run: those that are shipped."""

from adapters.rulebooks import shipped

RULEBOOKS = shipped()
DRIVENOW_EUROPE = RULEBOOKS["drivenow-europe"]
REACHNOW_USA = RULEBOOKS["reachnow-usa"]
