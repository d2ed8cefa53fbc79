"""What each role sees. Every field has a kind, every role sees some kinds, and a field without a kind nobody sees.

It is asked by whatever shows something: answers, the event stream, webhooks, reports, history.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from domain.billing.buyers import Buyer
from domain.kernel.messages import Role
from domain.kernel.personal import personal_fields, restricted_fields
from domain.kernel.units import Position
from domain.members.facts import PostalAddress
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.tariff import Tariff


class Kind(StrEnum):
    """What a field tells."""

    PLAIN = "plain"
    """Neither of the others."""
    MONEY = "money"
    PERSON = "person"
    """Which person: ids by which a member, or who pays, is known."""
    PERSONAL = "personal"
    """Something of a person: what is declared `Personal` or `Restricted`, such as where a trip went."""
    PLACE = "place"
    """Where a car is, whoever left it there."""
    COUNTED = "counted"
    """A place of five at least: decision 28."""
    STAFF = "staff"
    """Who of the staff, and what they typed."""
    SECRET = "secret"  # noqa: S105 (a name)
    """Whoever has it can use it."""


Kinds = frozenset[Kind]

ALL: Kinds = frozenset(Kind) - {Kind.SECRET}
_COMMON: Kinds = frozenset({Kind.PLAIN, Kind.MONEY})

SEES: Mapping[Role, Kinds] = {
    Role.MEMBER: ALL,  # of what is their own
    Role.AGENT: ALL,
    Role.OPERATOR: ALL,
    Role.AUDITOR: _COMMON | {Kind.PERSON, Kind.COUNTED, Kind.STAFF},
    Role.ANALYST: _COMMON | {Kind.PERSON, Kind.COUNTED},
    Role.PARTNER: _COMMON | {Kind.PLACE},
    Role.DEVICE: frozenset(),
    Role.SYSTEM: frozenset(),
}
"""Nobody but members themselves and those who help them sees a place together with a person: decision 29."""
SEES_DRIVEN = frozenset({Role.OPERATOR})
"""Where a car is that somebody drives tells where that person is."""


def of_events(role: Role, *, personal: bool) -> Kinds:
    """What a role is sent of events: what tells of a person only if that is asked for, and was granted."""
    return ALL if personal else SEES[role] - {Kind.PERSONAL}


def _named(names: str, kind: Kind) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


SECRETS = frozenset({"token", "url", "secret", "access_token", "refresh_token"})
"""Payment methods' tokens, receivers' URLs, which may hold a key, and what one logs in or signs with."""

KINDS: Mapping[str, Kind] = {
    **_named(
        """
        about active actor_role age aggregate_id ahead_s announced_for answers arrears asked_at asks at attempts
        attribution available available_from available_s available_until awaits bank_entries banned batch_id
        begins blocked booked booked_at booked_from booked_on booked_reference booked_until bookings brought_by
        buffer_s buyers_id by_debit by_right came_back cancelled_at capabilities car_chosen cars causation_id
        changed_at channel charge_id charges city_id clock_ahead_s closed_as closed_at closed_from closed_until
        code cohort collected_from collection_on collections columns command command_id confirm_until content
        corrected corrected_at correction_id corrections correlation_id country crashed created_at
        credit_note_id credit_notes creditor_id current custody damage_id damages day days debit_id debit_ids
        debits detail digest dirty distance_m distance_source document_id done door doors_closed doubt doubts
        driven_at driving_s eligible email_verified end_reason end_request ended ended_at ended_before ended_on
        ends ends_at energy_at energy_end energy_low energy_percent energy_start entries entry entry_id erased
        erased_at event_id events evidence excused exempt expires_at expires_in facts failed_at failed_position
        failing_since failures fault_codes fee fee_id fees files filter first_kept follower forced forgotten
        found_at free free_until from_position full_range_m generation given_up happened_at heard_at heard_until
        held_since held_until helps hour id idle_h ignition_on image_url in_review in_trip in_use_s
        ineligibility instead_of intact invoice_id invoice_number invoices issued_at item_id job_id jobs kept_at
        keys kind lag last last_error last_reservations last_status last_trip_at last_used_on lead_s left_open
        letter_id licence licence_state line locked logged_in_at logged_out looked_at made_at make mandate_id
        mandate_reference mandates members message_id messages met metadata method method_id missing
        missing_messages model month mqtt_topic newest next next_attempt_at no_show no_show_at not_offered_s
        objection_s observed_at odometer_at odometer_doubt odometer_m offline_s offline_since on on_session
        online open open_items open_requests open_tasks opened_at options order originator_id originator_topic
        originator_version out_of_service overlap_h package parked_at parked_s parts paused payer_told
        payment_due_at payment_id payment_ids payment_methods payments pending period personal_data pictures phase
        phases photo photos pinned_at place placed_at plan plate plugged_in policy polygons position_at prepaid
        proposed proposed_at propulsion purpose quoted_at quotes raised_at range_m read_at read_model
        reader_role readings reads recorded_at refund_state registered_at repaired_at repeated reported_at
        reports request_id requested_at reservation_id reservation_only reservations reserved reserved_at
        reserved_s reserved_until resumed_at retired retry_at returned returned_at returned_on
        returned_reference role rulebook_version scheduled_reservation_id scheduled_reservations searches
        searches_with_cars seats seconds seller_id sequence service service_state session_id session_ids
        sessions sha256 shortened_until signed_at signed_on since source spans speed_kmh started started_at
        starts_from starts_on state state_reason status step subject subject_id subject_kind supplied_from
        supplied_on taken_at taken_back task_id tasks template timestamp timezone to_reservation token_type
        topic traceparent transfer_id transfer_ids transfers transmission tries trip_id trip_ids trips
        turned_away type types unmet unmet_at unsettled until unused_at uses utilisation valid_from value
        value_on values vehicle_id vehicles verified_at version vin waits_until warnings was_booked
        was_distance_m was_ended_at was_given_up way_m webhooks what why wish within words workers year zone_id
        zone_version
        """,
        Kind.PLAIN,
    ),
    **_named(
        """
        abandoned account after_stop agreed amount amount_minor balance_minor bank_fee bank_fee_minor base
        base_minor captured captured_minor correction counted counted_minor credit credit_minor credit_proposal
        credited credited_minor credited_of currency debit debit_minor decision decline_code description
        difference document estimate four_eyes_above gross gross_minor held held_minor hold hold_answered
        inclusive issued_on legal_entity lines maximum net net_minor number open_minor owed_minor paid
        paid_minor payment_failed price price_minor product proposal quantity quote rate refund refund_minor
        refunded_minor refunds revenue_minor rule_id seller shares so_far tariff tariff_digest tariff_id
        tariff_version tax tax_minor tax_rate taxed taxes unit unit_amount unused
        """,
        Kind.MONEY,
    ),
    **_named(
        """
        actor actor_id driver_id holder_id holders identifier_id identifiers member_id others payer_id
        reserved_by told_of
        """,
        Kind.PERSON,
    ),
    **_named(
        "account_masked birth_date business_reference buyer confirm_link email holder iban licence_expires_on zones",
        Kind.PERSONAL,
    ),
    **_named("latitude longitude position", Kind.PLACE),
    **_named("cell start_cell end_cell zone start_zone end_zone", Kind.COUNTED),
    **_named(
        """
        assigned_by banned_by by corrected_by correction_proposal decided_by decision_reason error facts_by
        issued_by objection other_reasons owner proposed_by published_by raised_by reader reason reasons
        recorded_by reference
        """,
        Kind.STAFF,
    ),
    **_named(
        """
        attribution available_from available_until begins benefits booked booked_at booked_from booked_until
        bookings buffer_s cancelled_at car_chosen catalogue closed_from closed_until covers custody damage_id
        damages ended_before ends entries entry excused found_at free holds instead_of intact lead_s left_s
        looked_at minutes months no_show no_show_at notice notice_s only_there opened_at option photo photos
        pinned_at place plan product_id products purpose reminder_s renews renews_until repaired_at reported_at
        returned_at scheduled_reservation_id scheduled_reservations shortened_until source starts_at starts_from
        code_id taken_at terms trip_ids use used_s uses valid valid_s waits_until where
        """,
        Kind.PLAIN,
    ),
    **_named("earned left percent sale used", Kind.MONEY),
    **_named("given_by", Kind.STAFF),
    **dict.fromkeys(SECRETS, Kind.SECRET),
}
"""The kind of a field by its name, unless it is marked or typed as something else."""

GIVEN: Mapping[str, Kind] = {
    **_named(
        """
        Benefit.name EntryAlone.name EntryShown.name FeeFacts.name FeeShown.name FeeShown.objection
        ProductFacts.name ProductShown.name ReportColumn.name ReportDescription.name TaxAmount.name Terms.name
        Zone.Defined.name Zone.Redrawn.name Zone.name ZoneShown.name available_from available_until begins
        booked booked_at booked_from booked_until bookings buffer_s cancelled_at car_chosen closed_from
        closed_until ended_before ends entries entry excused free instead_of lead_s looked_at no_show no_show_at
        pinned_at plan purpose returned_at scheduled_reservation_id scheduled_reservations shortened_until
        starts_from waits_until zones.name
        """,
        Kind.PLAIN,
    ),
    **_named(
        """
        Licence.country Licence.expires_on Licence.issued_on LicenceShown.country LicenceShown.expires_on
        LicenceShown.issued_on Mandate.address Member.address Member.name PaymentMethod.brand
        PaymentMethod.expires_on PaymentMethodShown.brand PaymentMethodShown.expires_on Profile.address
        Profile.name
        """,
        Kind.PERSONAL,
    ),
    "WebhookShown.url": Kind.PLAIN,
    "SecretTold.secret": Kind.PLAIN,
    "Tokens.access_token": Kind.PLAIN,
    "Tokens.refresh_token": Kind.PLAIN,
    "Sessions.subject_id": Kind.PERSON,
    "Sessions.Begun.subject_id": Kind.PERSON,
    "Sessions.AllRevoked.subject_id": Kind.PERSON,
    "WebhookShown.owner": Kind.PLAIN,
    "ZonePage.zones": Kind.PLAIN,
    "VehicleReadings.zones": Kind.PLACE,
    "event_log.position": Kind.PLAIN,
    "journal.position": Kind.PLAIN,
    "trips.reason": Kind.PLAIN,
    "debits.reason": Kind.PLAIN,
    "charges.reasons": Kind.PLAIN,
    "Charge.evidence": Kind.STAFF,
    "ChargeShown.evidence": Kind.STAFF,
}
"""The kind of fields that are something else in one place: secrets, and webhooks, are shown to whom they belong."""
_PUBLISHED = (Tariff, LegalEntity)
"""What anybody may read, and so is not looked into."""
_WHOLE = (Buyer, PostalAddress)
"""Shown as a whole or not at all: their field says it."""
_WITHIN = frozenset({"zones"})
"""Names within what has no model of its own, such as the values of a violation."""


def kind_of(model: type, name: str, annotation: Any) -> Kind | None:
    """The kind of a field, or of an aggregate's attribute; None if nobody has said."""
    given = GIVEN.get(f"{model.__qualname__}.{name}")
    if given is not None or name in SECRETS:
        return given or Kind.SECRET
    if issubclass(model, BaseModel) and name in personal_fields(model) + restricted_fields(model):
        return Kind.PERSONAL
    if Position in _classes_in(annotation):
        return Kind.PLACE
    return Kind.PLAIN if name == "position" and int in _classes_in(annotation) else KINDS.get(name)


def kind_of_column(report: str, column: str) -> Kind | None:
    """The kind of a column of a report; None if nobody has said."""
    return GIVEN.get(f"{report}.{column}") or KINDS.get(column)


def fields_of(model: type) -> Iterator[tuple[type, str, Kind | None]]:
    """Every field of a model, of those within it, and of all that an aggregate has."""
    seen: set[type] = set()
    left = [model]
    while left:
        current = left.pop()
        if current in seen or issubclass(current, (*_PUBLISHED, *_WHOLE)):
            continue
        seen.add(current)
        for name, annotation in _annotated(current):
            yield current, name, kind_of(current, name, annotation)
            left += [inner for inner in _classes_in(annotation) if issubclass(inner, BaseModel)]


@cache
def withheld(model: type, sees: Kinds) -> frozenset[str]:
    """Names in a model that are not shown to whoever sees these kinds."""
    hidden = {name for name in _WITHIN if KINDS[name] not in sees}
    return frozenset(name for _, name, kind in fields_of(model) if kind not in sees) | hidden


def _annotated(model: type) -> list[tuple[str, Any]]:
    if issubclass(model, BaseModel):
        return [(name, field.annotation) for name, field in model.model_fields.items()]
    hints = get_type_hints(model)
    return [(name, hint) for name, hint in hints.items() if not name.startswith("_") and not name[0].isupper()]


def _classes_in(annotation: Any) -> list[type]:
    """The classes that an annotation is made of, such as those in a union, or the items of a list."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation]
    if get_origin(annotation) is Annotated:
        return _classes_in(get_args(annotation)[0])
    return [found for inner in get_args(annotation) for found in _classes_in(inner)]
