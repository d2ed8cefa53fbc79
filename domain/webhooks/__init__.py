"""Webhooks: who is sent which events. Never how they are delivered."""
