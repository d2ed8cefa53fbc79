"""Vehicles, their live state, zones, tasks in the field, commands to a car. Never prices, never an account."""
