"""Reservations and trips: who holds or drives which car, from when until when. Never a price, a polygon or a payment."""
