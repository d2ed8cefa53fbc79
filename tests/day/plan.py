"""What a day is to be: how many cars, what is wrong with each, and when somebody wants to drive them."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from adapters.simulator.faults import FAULTS

GOOD = 8
"""One car of so many has no fault."""


@dataclass(frozen=True)
class Plan:
    """The same plan gives the same cars, faults and wishes; how they fall together is up to the processes."""

    seed: int = 0
    cars: int = 640
    each: int = 20
    """So many cars at least have a fault, for each that there is."""
    hours: int = 24
    trips: int = 3
    """So many each member wants to take."""

    @property
    def minutes(self) -> int:
        return self.hours * 60

    def faults(self) -> list[Sequence[str]]:
        """The names of each car's faults. Raises `ValueError` when there are too few cars for so many."""
        order = Random(f"faults {self.seed}").sample(list(FAULTS), len(FAULTS))
        faulty = min(len(order) * self.each, self.cars - self.cars // GOOD)
        if faulty < len(order):
            raise ValueError(f"{self.cars} cars are too few for {len(order)} faults")
        if faulty < len(order) * self.each and faulty % len(order) == 0:
            faulty -= 1  # whose turn comes again then has another fault
        dealt = [order[number % len(order)] for number in range(len(order) * self.each)]
        return [dealt[number::faulty] for number in range(faulty)] + [()] * (self.cars - faulty)

    def departures(self, number: int) -> list[int]:
        """In which minutes a member sets out."""
        random, part = Random(f"departures {self.seed} {number}"), self.minutes // self.trips
        return [trip * part + random.randint(part // 6, part // 2) for trip in range(self.trips)]
