"""Rulebooks as they are published: who may, and what is refused. Never what a rule means."""
