"""Reservations and trips: who holds or drives which car, and when. Never a price, a polygon or a payment."""
