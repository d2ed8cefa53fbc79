"""What can be wrong with a car, each by its name. Faults combine: a car may have several."""

from collections.abc import Iterable
from random import Random

from adapters.simulator.car import Fault
from adapters.simulator.faults import behaviour, clocks, cutting, delivery, odometers, places, values

FAULTS: dict[str, type[Fault]] = {
    fault.NAME: fault
    for fault in (
        *(behaviour.FactoryLock, behaviour.DrivesOn, behaviour.NeverUnlocks),
        *(behaviour.DoorLeftOpen, behaviour.AirbagWentOff, behaviour.EnergyFalls, behaviour.AnswersForAnother),
        *(odometers.OdometerAtZero, odometers.OdometerInKilometres, odometers.CoarseOdometer),
        odometers.OdometerInMiles,
        *(odometers.OdometerLeaps, odometers.OdometerBackwards, odometers.OdometerTooLarge),
        *(places.NoFix, places.InaccurateFix, places.WaveringFix, places.FrozenReceiver, places.DriftingFix),
        *(places.UnknownFix, values.ComesAndGoes),
        *(values.OverfullTank, values.NoListOfFaults, values.NulInAName),
        *(cutting.OnlyChanges, cutting.OdometerApart, cutting.SignalsInGroups, cutting.SignalsOneByOne),
        clocks.ClockLosesTime,
        *(clocks.ClockAhead, clocks.ClockBehind, clocks.ClockSetBack, clocks.WeeksRolledOver),
        *(clocks.CountsAnew, clocks.BatteryLost, clocks.RepeatedSeq),
        *(values.NulForAMessage, values.YearOne, values.NotJson, values.TooLong, values.AnswersFromYearOne),
        *(behaviour.LateAnswers, delivery.LostMessages, delivery.SentTwice, delivery.SentAgain, delivery.OutOfOrder),
        *(delivery.LateLastWill, delivery.StatusCleared, delivery.SilentForMinutes, delivery.KeptForHours),
    )
}
"""In the order in which they combine: from what the car does, over what it says, to what becomes of it on the way."""


def composed(names: Iterable[str], random: Random) -> list[Fault]:
    """The faults of one car that go by these names, in their order. Raises `ValueError` for a name that none has."""
    wanted = set(names)
    if unknown := wanted - FAULTS.keys():
        raise ValueError(f"no fault goes by the name {min(unknown)!r}: {', '.join(FAULTS)} do")
    return [fault(random) for name, fault in FAULTS.items() if name in wanted]
