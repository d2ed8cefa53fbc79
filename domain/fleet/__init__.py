"""Vehicles, their live state, zones, tasks in the field, commands sent to a car. Never prices, never a member's account."""
