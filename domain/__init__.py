"""Decides. Aggregates, commands, policies and the price engine; no I/O, no clock of its own, no framework."""
