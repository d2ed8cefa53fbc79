"""Composes and speaks to the world of people: REST, command line, settings, wiring. No rule of the business stands here."""
