"""Composes, and speaks to people: REST, command line, settings, wiring. No rule of the business stands here."""
