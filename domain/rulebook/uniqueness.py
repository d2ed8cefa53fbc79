"""Whether one person may have several accounts of a service."""

from datetime import timedelta
from typing import Literal

from domain.rulebook.base import Rules

Verdict = Literal["allow", "review", "refuse"]
"""What becomes of an account that has something which another one has too."""


class Uniqueness(Rules):
    """Whether one person may have several accounts of the service."""

    email: Verdict = "refuse"
    """An account whose address another account has proved: its owner is told by mail, and nobody else."""
    licence: Verdict = "review"
    """A driving licence that another account has handed in."""
    payment_method: Verdict = "review"
    """A card or bank account that pays for another account, by the provider's fingerprint."""
    banned: Verdict = "refuse"
    """Any of these when the other account is blocked."""
    ban_kept_for: timedelta = timedelta(days=1095)
    """How long the block of a member who was erased holds for other accounts."""
