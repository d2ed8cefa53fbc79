"""Who may log in: sessions, one-time codes by mail, staff of an identity provider. Nothing here reads a secret."""
