"""Members: registration, licence, payment methods, eligibility, blocks. Never a reservation's or a trip's own rules."""
