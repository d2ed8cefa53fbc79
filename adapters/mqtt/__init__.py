"""Vehicle communication over MQTT: payloads, plausibility, ingest and the gateway to the cars. Decides nothing about rentals."""
