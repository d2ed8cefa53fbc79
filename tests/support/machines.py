"""How long state machines run: a few seconds each, or with `HYPOTHESIS_PROFILE=deep` as long as one likes to wait."""

import os

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "quick", max_examples=15, stateful_step_count=20, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile(
    "deep", max_examples=500, stateful_step_count=60, deadline=None, print_blob=True, suppress_health_check=_SLOW
)

MACHINE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE") or "quick")
"""For machines over a real database."""
