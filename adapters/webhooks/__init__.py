"""Sending events to others over HTTP: signed, to addresses that are allowed, in order, until each is taken."""
