"""A simulated city: cars that speak MQTT and members who speak HTTP, the same for the same seed. Never imported by the core."""
