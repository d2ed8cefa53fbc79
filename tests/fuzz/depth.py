"""How deep to look. `CSBE_FUZZ_DEPTH` multiplies the number of examples; `CSBE_FUZZ_SEED` chooses others."""

import os

from hypothesis import HealthCheck, Phase, settings

DEPTH = int(os.environ.get("CSBE_FUZZ_DEPTH", "1"))
SEED = int(os.environ.get("CSBE_FUZZ_SEED", "20261124"))


def looking(examples: int) -> settings:
    """Settings of a test with so many examples at depth 1; nothing is remembered between runs."""
    return settings(
        max_examples=examples * DEPTH,
        deadline=None,
        database=None,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink] if DEPTH > 1 else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
