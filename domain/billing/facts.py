"""What a charge is for."""

from domain.billing.fee import FeeFacts
from domain.billing.pricing import TripFacts

Facts = TripFacts | FeeFacts
"""Of what a tariff prices, or of what came later."""
