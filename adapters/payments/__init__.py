"""Payment providers behind the port `PaymentGateway`."""
