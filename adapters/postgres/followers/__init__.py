"""Whatever follows the log: a position, a batch, a transaction. Never what is made of the events."""
