"""A simulated city: cars that speak MQTT, members who speak HTTP, repeatable by seed. The core never imports it."""
