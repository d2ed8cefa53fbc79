"""A mobility service as data: `model` says what a rulebook holds, one module per service fills it. Never a decision."""
