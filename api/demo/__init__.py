"""The demo: a whole service over real servers, with a simulated city."""

from adapters.simulator.vehicles import Faults
from api.demo.run import demo
from api.demo.seed import SERVICE
from api.demo.simulation import DemoOptions, visit

__all__ = ["SERVICE", "DemoOptions", "Faults", "demo", "visit"]
