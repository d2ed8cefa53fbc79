"""Vehicle communication over MQTT: payloads, plausibility, ingest, the gateway to the cars. No rule of rental."""
