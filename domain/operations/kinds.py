"""Every kind of thing that orders can be about."""

from collections.abc import Mapping

from domain.operations.follower_orders import FollowerOrders
from domain.operations.job_orders import JobOrders
from domain.operations.orders import Orders
from domain.operations.read_model_orders import ReadModelOrders
from domain.operations.telemetry_orders import TelemetryOrders

ORDERS: Mapping[str, type[Orders]] = {
    orders.TOPIC: orders for orders in (FollowerOrders, JobOrders, ReadModelOrders, TelemetryOrders)
}
"""By topic."""
