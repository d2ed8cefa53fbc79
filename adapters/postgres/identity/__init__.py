"""What logging in keeps in PostgreSQL beside the log: codes, refresh tokens, limits; and what revokes tokens."""
