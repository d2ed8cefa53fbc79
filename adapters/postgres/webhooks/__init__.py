"""The tables of webhooks: subscriptions, and who delivers which. Never a connection to a receiver."""
