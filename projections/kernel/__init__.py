"""The machinery of all projectors: the base, changes of rows, and how they are written. Never one read model's rule."""
