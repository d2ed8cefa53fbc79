"""What banks say of money, read from their files (ISO 20022). Nothing here decides what becomes of it."""
