"""Stripe as the payment provider: by its official library, which only `provider` imports."""
