"""All contexts in one place: which command is carried out by whom, what follows which event, every permanent name."""

from collections.abc import Iterable, Mapping

from domain.billing import handlers as billing_handlers
from domain.billing import policies as billing_policies
from domain.billing.balance import Balance
from domain.billing.buyers import KeptBuyers
from domain.billing.charge import Charge
from domain.billing.credit_note import CreditNote
from domain.billing.debit import Debit
from domain.billing.debit_batch import DebitBatch
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.billing.promo_code import PromoCodeUses
from domain.billing.transfer import Transfer
from domain.fleet import handlers as fleet_handlers
from domain.fleet import policies as fleet_policies
from domain.fleet.damage import Damage
from domain.fleet.identity import VehicleIdentity
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.fleet.zone import Zone
from domain.identity import handlers as identity_handlers
from domain.identity import policies as identity_policies
from domain.identity.sessions import Sessions
from domain.kernel.aggregate import Aggregate, Event, event_classes
from domain.kernel.messages import Command
from domain.kernel.policy import Policies
from domain.members import handlers as members_handlers
from domain.members import policies as members_policies
from domain.members.identifier import Identifier
from domain.members.member import Member
from domain.operations import handlers as operations_handlers
from domain.operations.kinds import ORDERS
from domain.publishing import handlers as publishing_handlers
from domain.rental import handlers as rental_handlers
from domain.rental import policies as rental_policies
from domain.rental import scheduled_policies
from domain.rental.reservation import Reservation
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip
from domain.rulebook.published import PublishedRulebook
from domain.unit_of_work import Handler
from domain.webhooks import handlers as webhooks_handlers
from domain.webhooks.webhook import Webhook


def _merged(parts: Iterable[Policies]) -> Policies:
    together: Policies = {}
    for part in parts:
        for event, policies in part.items():
            together[event] = (*together.get(event, ()), *policies)
    return together


HANDLERS: Mapping[type[Command], Handler] = {
    **publishing_handlers.HANDLERS,
    **members_handlers.HANDLERS,
    **identity_handlers.HANDLERS,
    **fleet_handlers.HANDLERS,
    **rental_handlers.HANDLERS,
    **billing_handlers.HANDLERS,
    **operations_handlers.HANDLERS,
    **webhooks_handlers.HANDLERS,
}
"""Which function carries out which command."""

POLICIES: Policies = _merged(
    (
        members_policies.POLICIES,
        identity_policies.POLICIES,
        fleet_policies.POLICIES,
        rental_policies.POLICIES,
        scheduled_policies.POLICIES,
        billing_policies.POLICIES,
    )
)
"""What follows which event; several contexts may follow the same one."""

_AGGREGATES: tuple[type[Aggregate], ...] = (
    PublishedRulebook,
    Member,
    Identifier,
    Sessions,
    Vehicle,
    VehicleIdentity,
    Zone,
    Task,
    Damage,
    Reservation,
    ScheduledReservation,
    Trip,
    Balance,
    PromoCodeUses,
    Charge,
    Payment,
    Invoice,
    CreditNote,
    Transfer,
    Mandate,
    Debit,
    DebitBatch,
    KeptBuyers,
    NumberRange,
    *ORDERS.values(),
    Webhook,
)

AGGREGATES: Mapping[str, type[Aggregate]] = {aggregate.TOPIC: aggregate for aggregate in _AGGREGATES}
"""Every aggregate by its topic."""

EVENTS: Mapping[str, type[Event]] = {e.TOPIC: e for a in AGGREGATES.values() for e in event_classes(a)}
"""Every event by its topic."""

COMMANDS: Mapping[str, type[Command]] = {command.NAME: command for command in HANDLERS}
"""Every command by its name."""
