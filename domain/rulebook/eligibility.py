"""Who may drive."""

from datetime import timedelta

from domain.rulebook.base import Rules


class Eligibility(Rules):
    """Who may drive."""

    minimum_age: int
    """Years."""
    minimum_licence_years: int
    """How long the licence must have been held."""
    licence_countries: tuple[str, ...] | None = None
    """ISO 3166 codes that are accepted; any when none."""
    licence_recheck: timedelta | None = None
    """How long a check of the licence holds; for ever when none."""
    prepaid_cards: bool = True
    """Whether a prepaid card is a means of payment."""
