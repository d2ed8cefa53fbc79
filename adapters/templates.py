"""Words of the messages to members. A policy names a template and gives the values; nothing else is in the text."""

from collections.abc import Mapping
from string import Template
from typing import NamedTuple


class Text(NamedTuple):
    """What a member reads."""

    subject: str
    body: str


class UnknownTemplateError(LookupError):
    """A policy named a template that does not exist."""


class MissingValueError(LookupError):
    """A policy did not give a value that the template needs."""


TEMPLATES: dict[str, Text] = {
    "verify_email": Text(
        "Please confirm your e-mail address", "Welcome. Please confirm this e-mail address with the code $code."
    ),
    "licence_verified": Text(
        "Your driving licence is verified", "Your licence has been checked. You may drive from now on."
    ),
    "licence_rejected": Text(
        "Your driving licence could not be verified",
        "We could not verify your licence: $reason. Please hand it in again.",
    ),
    "account_blocked": Text(
        "Your account is blocked", "You cannot reserve or drive for now. Please contact our support."
    ),
    "reservation_expires_soon": Text(
        "Your reservation ends soon", "Your reservation ends at $expires_at. Start the trip or extend the reservation."
    ),
    "reservation_expired": Text(
        "Your reservation has ended", "The car is free for others again. Reservation: $reservation_id."
    ),
    "trip_started": Text(
        "Your trip has begun", "Your trip has begun at $started_at. Have a good drive. Trip: $trip_id."
    ),
    "trip_start_failed": Text(
        "The car could not be opened",
        "Your trip did not begin: $reason. Nothing is charged. Please try another car. Trip: $trip_id.",
    ),
    "trip_park_failed": Text(
        "The car could not be parked",
        "The car did not confirm that it is locked: $reason. Your trip goes on. Trip: $trip_id.",
    ),
    "trip_resume_failed": Text(
        "The car could not be opened", "Your parked car did not open: $reason. Please try again. Trip: $trip_id."
    ),
    "trip_end_unconfirmed": Text(
        "Your trip has not ended yet",
        "The car did not confirm the end of your trip: $reason. Please try again. Trip: $trip_id.",
    ),
    "trip_ended": Text(
        "Your trip has ended",
        "Your trip ended at $ended_at: $distance_m m, $driving_s s driven, $parked_s s parked. "
        "The invoice follows. Trip: $trip_id.",
    ),
    "hold_declined": Text(
        "Your payment was declined", "Your payment method was declined ($decline_code). Please use another one."
    ),
    "invoice_issued": Text("Your invoice $number", "Invoice $number over $gross is in your account."),
    "charge_in_review": Text(
        "We are checking your invoice $number",
        "Invoice $number is unusual, so one of us looks at it before anything is charged.",
    ),
    "payment_failed": Text(
        "Invoice $number is not paid",
        "We could not charge $amount for invoice $number. Please check your payment method.",
    ),
    "credit_note_issued": Text(
        "Your credit note $number", "Credit note $number over $gross for invoice $invoice is in your account."
    ),
}
"""By name. Names are permanent: they wait in the queue of effects."""


def render(template: str, values: Mapping[str, str]) -> Text:
    """The message in words. Raises `UnknownTemplateError` or `MissingValueError`."""
    if template not in TEMPLATES:
        msg = f"there is no message template {template!r}"
        raise UnknownTemplateError(msg)
    text = TEMPLATES[template]
    try:
        return Text(
            Template(text.subject).substitute(values).replace("\n", " "), Template(text.body).substitute(values)
        )
    except KeyError as error:
        msg = f"message template {template!r} needs a value for {error}"
        raise MissingValueError(msg) from error
