"""The routes, one module per context: read the request, build a command or a query, answer. Nothing is decided here."""
