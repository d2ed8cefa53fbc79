"""What can go wrong between the log and its readers."""

from domain.operations.ports import ImpossibleOrderError


class FollowerStoppedError(Exception):
    """A follower met an event that it cannot deal with; an operator must retry or skip it."""

    def __init__(self, name: str, position: int, error: str) -> None:
        super().__init__(f"{name} stopped at position {position}: {error}")
        self.name = name
        self.position = position
        self.error = error


class GenerationError(ImpossibleOrderError):
    """What was asked cannot be done with the generations that a projection has."""

    def __init__(self, projection: str, why: str) -> None:
        super().__init__(f"{projection} {why}")
        self.projection = projection


class BusyError(Exception):
    """Others kept for too long what was to be changed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} cannot be changed while others read: end their transactions (see pg_stat_activity)")


class UnknownMasterKeyError(OSError):
    """A key is wrapped by a master key that this process was not given: trouble from outside, and no event's fault."""

    def __init__(self, id: bytes) -> None:
        super().__init__(f"a key is wrapped by master key {id.hex()}, which this process does not have")


class OtherInstallationError(OSError):
    """Behind the address of the database there is that of another installation now."""

    def __init__(self) -> None:
        super().__init__("the database of another installation answers at this address: nothing is read or written")


class UnfitDatabaseError(ValueError):
    """The system cannot run on this database, or not as this user; the text says what to do about it."""
