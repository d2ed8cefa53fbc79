"""What a car can do, and what its instruments may differ by."""

MOST_KMH = 250
"""No car of a fleet is faster."""
STANDING_KMH = 5.0
"""A car that is no faster than this stands: what satellites say of the speed of a parked car is seldom nothing."""
LEAST_SHARE, MOST_SHARE = 0.5, 3.0
"""What an odometer may show of the way between places: these cut corners, and see nothing in tunnels."""
