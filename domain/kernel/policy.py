"""Policies: "whenever this event, then that". Plain functions from a recorded event to what should follow.

What follows is data: a command, a command at a later time, or an effect on the outside world. One runner stores it in
the policy's own transaction and carries it out afterwards, under an id derived from the event: replays repeat nothing.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, SerializeAsAny

from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import MemberId, PayerId, PaymentId, VehicleId, derived_id, event_id
from domain.kernel.messages import Command, RecordedEvent
from domain.kernel.money import Money
from domain.kernel.values import Instant, Value


class Scheduled(Value):
    """Give `command` to the dispatcher once `due_at` has come. Whether it still applies, its handler decides."""

    kind: Literal["scheduled"] = "scheduled"
    due_at: Instant
    command: SerializeAsAny[Command]


CommandType = Literal["unlock", "lock", "enable_driving", "disable_driving", "locate"]
"""What a car can be told to do."""


class TellVehicle(Value):
    """Send a command to a car. Its answer, or its silence until `expires_at`, comes back as a command of fleet."""

    kind: Literal["tell_vehicle"] = "tell_vehicle"
    request_id: UUID
    vehicle_id: VehicleId
    vin: str
    service: str
    type: CommandType
    issued_at: Instant
    expires_at: Instant


Operation = Literal["hold", "capture", "release", "refund"]
"""What a payment provider can be asked for."""


class AskPaymentProvider(Value):
    """Hold, capture, release or refund money. The provider's answer comes back as a command of billing."""

    kind: Literal["ask_payment_provider"] = "ask_payment_provider"
    payment_id: PaymentId
    operation: Operation
    amount: Money
    payer_id: PayerId
    method_id: str
    """Of the payer's payment method: the provider's token for it is looked up when it is asked, never stored here."""
    service: str
    asked_at: Instant
    """Since when: a provider remembers for a while only that it was asked before."""
    on_session: bool = False
    """Whether the payer is there to confirm a hold, as at the start of a trip."""
    credit_note_id: UUID | None = None
    """What a refund is for; a payment may have several."""


class LookUpPayment(Value):
    """Ask the provider how a payment, or a refund or dispute of it, stands. What it says comes back as a command."""

    kind: Literal["look_up_payment"] = "look_up_payment"
    payment_id: PaymentId
    about: Literal["payment", "refund", "dispute"]
    reference: str
    """The provider's, of what is looked up."""


class SendMessage(Value):
    """Tell a member something. The address is looked up when the message is sent, never stored in the queue."""

    kind: Literal["send_message"] = "send_message"
    member_id: MemberId
    template: str
    values: dict[str, str] = Field(default_factory=dict)


class DestroyKey(Value):
    """Destroy a key, and with it whatever is stored under it. Twice changes nothing."""

    kind: Literal["destroy_key"] = "destroy_key"
    subject: UUID
    """A member, or buyers that were kept."""


class ForgetIdentifier(Value):
    """Have nothing lead from an address, a licence or a card to what is known of it. Twice changes nothing."""

    kind: Literal["forget_identifier"] = "forget_identifier"
    identifier_id: UUID


Effect = Annotated[
    TellVehicle | AskPaymentProvider | LookUpPayment | SendMessage | DestroyKey | ForgetIdentifier,
    Field(discriminator="kind"),
]
Reaction = Command | Scheduled | TellVehicle | AskPaymentProvider | SendMessage | DestroyKey | ForgetIdentifier
Policy = Callable[[RecordedEvent, Any], Iterable[Reaction]]
"""What follows an event; the second argument is the event as its own class, as projectors have it."""
Policies = dict[type[DomainEvent], tuple[Policy, ...]]
"""Which policies follow which event. Each context's policies.py exports one as `POLICIES`."""


def reaction_id(recorded: RecordedEvent, policy: Policy, place: int) -> UUID:
    """Under which it is carried out, once, what a policy wants of an event; `place` tells several apart."""
    cause = event_id(recorded.event.originator_id, recorded.event.originator_version)
    return derived_id(cause, policy.__name__, place)
