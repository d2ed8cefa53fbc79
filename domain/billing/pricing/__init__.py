"""The price engine: a tariff and the facts of a trip in, explained lines out. No rule of one service stands here."""

from domain.billing.pricing.engine import Price, PriceLine, price
from domain.billing.pricing.facts import Span, TripFacts

__all__ = ["Price", "PriceLine", "Span", "TripFacts", "price"]
