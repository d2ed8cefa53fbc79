"""Identity of cars at the broker: an own certificate authority, and the broker's files that belong to it."""
