"""What operators may order, and how an order ends."""

from datetime import date
from uuid import UUID

from domain.kernel.messages import Command
from domain.kernel.values import Count, Ordinal, Value


class GiveOrder(Command):
    """Base of all orders. The answer is a `GivenOrder`."""

    reason: str

    @property
    def about(self) -> str:
        """What it is about, among the things of its kind."""
        raise NotImplementedError


class _AboutFollower(GiveOrder):
    follower: str
    position: Ordinal
    """Where it was seen to be stopped: elsewhere the order changes nothing."""
    error: str

    @property
    def about(self) -> str:
        return self.follower


class RetryFollower(_AboutFollower):
    """Let a stopped follower try its event again."""

    NAME = "operations.retry_follower"


class SkipEvent(_AboutFollower):
    """Let a stopped follower go on after its event, which it will then never know."""

    NAME = "operations.skip_event"


class _AboutJob(GiveOrder):
    job_id: UUID
    policy: str
    kind: str
    error: str

    @property
    def about(self) -> str:
        return str(self.job_id)


class RetryJob(_AboutJob):
    """Have a failed job tried again, with all attempts before it."""

    NAME = "operations.retry_job"


class DropJob(_AboutJob):
    """Leave a failed job undone for ever."""

    NAME = "operations.drop_job"


class _AboutReadModel(GiveOrder):
    read_model: str

    @property
    def about(self) -> str:
        return self.read_model


class BuildReadModel(_AboutReadModel):
    """Fill a new generation of a read model beside the live one."""

    NAME = "operations.build_read_model"

    workers: Count = 1


class SwapReadModel(_AboutReadModel):
    """Show the generation that was built."""

    NAME = "operations.swap_read_model"

    generation: Count


class RollBackReadModel(_AboutReadModel):
    """Show the previous generation again."""

    NAME = "operations.roll_back_read_model"

    generation: Count


class DropGeneration(_AboutReadModel):
    """Remove a generation that is not shown."""

    NAME = "operations.drop_generation"

    generation: Count


class DropTelemetry(GiveOrder):
    """Drop the telemetry of all days before one (UTC)."""

    NAME = "operations.drop_telemetry"

    first_kept: date

    @property
    def about(self) -> str:
        return "telemetry"


class _AboutLetter(GiveOrder):
    letter_id: Ordinal
    mqtt_topic: str
    error: str

    @property
    def about(self) -> str:
        return "telemetry"


class RetryDeadLetter(_AboutLetter):
    """Take a car's message that could not be used as if it had just come again."""

    NAME = "operations.retry_dead_letter"


class DropDeadLetter(_AboutLetter):
    """Throw away a car's message that could not be used."""

    NAME = "operations.drop_dead_letter"


class GivenOrder(Value):
    """Where an order stands on record."""

    orders: str
    """Topic of its stream."""
    orders_id: UUID
    number: Ordinal


class ConfirmOrder(Command):
    """An order is carried out."""

    NAME = "operations.confirm_order"

    order: GivenOrder
    done: tuple[str, ...]


class FailOrder(Command):
    """An order cannot be carried out as things stand."""

    NAME = "operations.fail_order"

    order: GivenOrder
    error: str
