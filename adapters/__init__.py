"""Talks to the world: PostgreSQL, MQTT, payment and mail providers, embedded servers. Never a business rule."""
