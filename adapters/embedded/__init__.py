"""Servers that run inside an installation which names none: PostgreSQL and an MQTT broker."""
