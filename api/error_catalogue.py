"""Every error that the API answers with, by its code: what it means, and what helps. Codes are permanent.

The page `/errors` and the reference show it; a problem's `help` leads to its place there.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

ADDRESS = "/errors"


class Entry(NamedTuple):
    """What an error means, and what whoever meets it can do."""

    means: str
    helps: str


PROBLEMS: Mapping[str, Entry] = {
    "bad-request": Entry("A header or a part of the request is missing or cannot be read.", "Do as the detail says."),
    "malformed-json": Entry("The body is not JSON in UTF-8.", "Send valid JSON; most libraries do it by themselves."),
    "unauthorized": Entry("There is no token, or it has expired or is not valid here.", "Log in again."),
    "forbidden": Entry("The role of the token may not do this.", "Ask with a token of a role that may."),
    "not-found": Entry(
        "It does not exist, or is another's.", "Check the id, and that the token is of the right member and service."
    ),
    "method-not-allowed": Entry("This address does not take this method.", "Use one that the header Allow names."),
    "not-acceptable": Entry(
        "Accept names none of the kinds in which this address answers.", "Let Accept name one that the detail has."
    ),
    "refused": Entry(
        "Rules speak against it; nothing was changed.", "Look at `violations`: each rule says what helps."
    ),
    "conflict": Entry("Others changed the same thing at the same time, again and again.", "Send the request again."),
    "precondition-failed": Entry(
        "It has changed since the ETag in If-Match.", "Read it again, and decide again with the new ETag."
    ),
    "idempotency-key-reused": Entry("The key came with another request before.", "Send a new key with a new request."),
    "invalid-input": Entry("Fields or parameters do not fit.", "Look at `errors`: each has a pointer and a reason."),
    "too-large": Entry("The body is larger than allowed.", "Send less; the detail has the limit."),
    "read-models-behind": Entry("What was asked for with `at_least` is not there yet.", "Ask again in a second."),
    "too-many-requests": Entry("There were too many tries in a short time.", "Wait as long as Retry-After says."),
    "unavailable": Entry("What the answer depends on does not answer.", "Ask again in a minute."),
    "overloaded": Entry("More is asked than can be done; nothing was done.", "Ask again after Retry-After."),
    "misdirected": Entry("The host is not one of ours.", "Ask by the name that the API has."),
    "not-implemented": Entry("The body is encoded for the transfer.", "Send it as it is, or in chunks."),
    "report-too-long": Entry("The report takes too long to make.", "Ask for fewer days, or for one city."),
    "http": Entry("The request breaks a rule of HTTP.", "The title says which."),
    "internal": Entry("Something broke on the server.", "Ask again; tell support the `request_id` if it stays so."),
}
"""By the last part of a problem's `type`."""

VIOLATIONS: Mapping[str, Entry] = {
    "bank_entry.no_such_transfer": Entry("No such transfer counts for the invoice.", "Look for the right invoice."),
    "bank_entry.not_assignable": Entry("Nobody paid an invoice with the entry.", "Settle it at the bank."),
    "approval.same_person": Entry("Two persons must agree, and this is the first one again.", "Ask a colleague."),
    "balance.not_renewing": Entry("It is not bought anew, so nothing can be cancelled.", "Nothing: it ends by itself."),
    "balance.nothing_used": Entry("The charge uses nothing of what its payer has.", "Look at its explanation."),
    "balance.unknown_entry": Entry("The member has nothing of this id.", "Look at the balance of the member."),
    "payment.disputed": Entry("A payer's bank takes a payment back.", "See to it at the payment provider."),
    "charge.above_limit": Entry("A fee is above what one person may decide.", "Check the evidence, then decide."),
    "charge.amount_not_wanted": Entry("An amount for what a tariff prices.", "Give the facts that are right."),
    "charge.amount_only": Entry("Of a fee, only the amount is corrected.", "Give `amount`, and nothing else."),
    "charge.amount_too_high": Entry("A charge is higher than the service believes unseen.", "Check its facts, decide."),
    "charge.below_nothing": Entry("A price came out below nothing.", "Check the tariff and the facts, then decide."),
    "charge.correction_missing": Entry("A correction says nothing.", "Say what is true instead."),
    "charge.correction_not_wanted": Entry("Facts came with a decision that takes none.", "Leave them out."),
    "charge.costs_nothing": Entry("What was charged for costs nothing.", "Waive the charge."),
    "charge.decision_without_reason": Entry("A decision has no reason.", "Say why."),
    "charge.distance_too_long": Entry(
        "A trip is longer than the service believes unseen.", "Check the odometer, decide."
    ),
    "charge.end_before_start": Entry("The corrected end lies before the start.", "Choose a later end."),
    "charge.end_in_future": Entry("The corrected end has not come yet.", "Choose an earlier end."),
    "charge.not_announced": Entry("The charge is not waiting to be collected.", "Ask support about its invoice."),
    "charge.not_in_review": Entry("The charge is decided, or was never in doubt.", "Credit its invoice instead."),
    "charge.not_less": Entry("A fee is only corrected to less.", "Waive it, or raise another one."),
    "charge.own_facts": Entry("Whoever said what is charged for would decide alone.", "Have somebody else decide."),
    "charge.objected_to": Entry("The payer objects to the charge.", "Look at the evidence, then decide."),
    "charge.nothing_corrected": Entry("The facts are those that it has already.", "Approve it, or say other facts."),
    "charge.nothing_driven": Entry("A distance for a car that was only reserved.", "Leave `distance_m` out."),
    "charge.product_not_corrected": Entry("The price of a product is that of the list.", "Waive it, or credit it."),
    "charge.too_many_spans": Entry("A car told of more stops than can be.", "Check what it told, then decide."),
    "charge.trip_too_long": Entry("A trip lasted longer than the service believes unseen.", "Check its end, decide."),
    "charge.two_ends": Entry("An end and a duration, which may differ.", "Give one of them."),
    "credit_note.amount_out_of_range": Entry(
        "Nothing, or more than is left of the invoice.", "Choose an amount between."
    ),
    "credit_note.other_currency": Entry("Another currency than the invoice's.", "Credit in the invoice's currency."),
    "credit_note.unknown_charge": Entry(
        "The invoice has no such charge.", "Take the id of a charge that stands on it: `charges` of the invoice."
    ),
    "credit_note.which_charge": Entry(
        "A part of an invoice of several charges is to be taken back, and nobody has said of which one.",
        "Give its charge_id, or no amount for all that is left.",
    ),
    "credit_note.without_reason": Entry("A credit has no reason.", "Say why."),
    "document.buyer_not_kept": Entry(
        "Who bought is no longer kept, or never was, and an electronic invoice must name them.", "Take the PDF."
    ),
    "document.buyer_without_address": Entry(
        "No postal address was known when it was issued.", "Take the PDF; give an address for later invoices."
    ),
    "document.buyer_without_email": Entry(
        "The payer has no address to which an XRechnung could be sent.", "Ask for `factur-x`, or take the PDF."
    ),
    "document.not_of_the_union": Entry(
        "The seller is outside of the European Union, whose VAT electronic invoices are for.", "Take the PDF."
    ),
    "document.not_one_vat": Entry("A line of it has no tax and no reason for that, or several taxes.", "Take the PDF."),
    "document.seller_without_contact": Entry(
        "XRechnung must say whom to ask, and the rulebook did not.", "Add `contact`, `phone` and `email` there."
    ),
    "document.vat_id_without_country": Entry(
        "The seller's VAT id does not begin with its country.", "Put it right in the rulebook, for later invoices."
    ),
    "invoice.debit_under_way": Entry("A direct debit is on its way.", "Wait until the bank has told of it."),
    "invoice.month_not_over": Entry(
        "Invoices of a month were asked for that is not over.", "Ask once it is, or for the month before."
    ),
    "invoice.not_open": Entry("The invoice is paid or credited.", "There is nothing left to pay."),
    "invoice.payment_under_way": Entry("A payment of this invoice is under way.", "Wait for its outcome."),
    "mandate.address_missing": Entry("The account's country asks for its holder's address.", "Give it too."),
    "mandate.ended": Entry("The mandate has ended.", "Have a new one signed."),
    "mandate.erased": Entry("The holder of the account is forgotten.", "Nothing can be collected any more."),
    "mandate.holder_missing": Entry("Whose account it is was not said.", "Say it."),
    "mandate.iban_unfit": Entry("It is no IBAN.", "Copy it from the bank's papers."),
    "mandate.no_creditor": Entry("No direct debits are collected here.", "Add a card, or write `creditor_id`."),
    "mandate.other_creditor": Entry("The mandate is another seller's.", "Have one signed for this one."),
    "mandate.outside_sepa": Entry("No SEPA debit reaches the account.", "Give another account, or add a card."),
    "mandate.signed_later": Entry("The mandate is signed in the future.", "Give the day on which it was signed."),
    "mandate.unused": Entry("The mandate was not used for too long.", "Have a new one signed."),
    "member.being_forgotten": Entry("An erasure of the same person is under way.", "Try again in a minute."),
    "member.birth_date_implausible": Entry("Nobody who may drive was born then.", "Check the date of birth."),
    "member.blocked": Entry("The account is blocked.", "The member contacts support; an agent can lift the block."),
    "member.email_unverified": Entry("The e-mail address is not proved.", "Use the code that was mailed."),
    "member.erased": Entry("The account was erased.", "Open a new one."),
    "member.has_reservations": Entry("The member has reservations ahead of time.", "Cancel them first."),
    "member.in_arrears": Entry("An invoice could not be charged.", "Pay it, with another payment method if need be."),
    "member.in_reservation": Entry("The member has a reservation.", "Cancel or use it first."),
    "member.in_review": Entry("The company looks at this account.", "The member contacts support."),
    "member.in_trip": Entry("The member has a trip.", "End it first."),
    "member.licence_before_age": Entry("The licence was issued to a child.", "Check its dates, and the date of birth."),
    "member.licence_country_not_accepted": Entry("Licences of this country are not accepted.", "Hand in another one."),
    "member.licence_dates_reversed": Entry("The licence ends before it began.", "Hand in the right dates."),
    "member.licence_expired": Entry("The licence has expired.", "Hand in a valid one."),
    "member.licence_missing": Entry("No driving licence was handed in.", "Hand one in."),
    "member.licence_not_issued": Entry("The licence is not issued yet.", "Check the day of issue."),
    "member.licence_recheck_due": Entry("The licence must be checked again.", "Hand it in again."),
    "member.licence_rejected": Entry("The licence did not pass its check.", "Hand in another, or a better picture."),
    "member.licence_submitted": Entry("The licence waits for its check.", "Wait; an agent checks it."),
    "member.licence_too_recent": Entry("The licence was not held for long enough.", "Wait; `values` tells how long."),
    "member.no_payment_method": Entry("There is nothing to charge.", "Add a payment method."),
    "member.reserved_then": Entry("The member has a reservation for that time.", "Cancel it, or take another time."),
    "member.too_many_reservations": Entry(
        "The member has as many reservations ahead of time as the service allows.", "Cancel or use one."
    ),
    "member.unknown_payment_method": Entry("The token leads to no payment method.", "Get another token."),
    "member.payment_method_expired": Entry("The payment method has expired.", "Add another one."),
    "member.prepaid_card": Entry("Prepaid cards are not accepted.", "Add another card."),
    "member.too_young": Entry("The member is too young for this service.", "Wait; `values` tells the age."),
    "member.turned_away": Entry("The company has turned this person away.", "The member contacts support."),
    "payment.no_capture": Entry("The money is not held, so it cannot be taken.", "Look at the payment's state."),
    "payment.no_method": Entry("There is nothing to charge.", "Give another payment method."),
    "payment.unknown_method": Entry("The payer has no such payment method.", "Add it first, or leave it out."),
    "payment.no_refund": Entry("The money was not taken, so it cannot be given back.", "Look at the payment's state."),
    "refund.not_failed": Entry(
        "Nothing of this credit note is refused now.", "Look at `refund_state`; wait for what is pending."
    ),
    "refund.paid_by_other_means": Entry(
        "The refund is on record as paid, under another reference.", "There is nothing left to pay."
    ),
    "refund.without_reason": Entry("A payment by other means has no reason.", "Say why."),
    "refund.without_reference": Entry("A payment by other means has no reference.", "Say how it is found."),
    "reservation.begun_already": Entry(
        "The period has begun by our clock.", "Choose a later begin; `now` is our time."
    ),
    "reservation.cooldown": Entry(
        "The member held this car a short while ago.", "Another car, or wait until `free_at`."
    ),
    "reservation.end_passed": Entry("The new end is not to come.", "Choose a later end."),
    "reservation.none_free": Entry(
        "No car of the model is free then.", "Take another time, model or place; see `free_instead`."
    ),
    "reservation.not_longer": Entry("The new end is not after the present one.", "Choose a later end."),
    "reservation.not_offered_ahead": Entry(
        "The service has no reservations ahead of time.", "Reserve a car when you need it."
    ),
    "reservation.not_open": Entry("The reservation has ended.", "Make a new one."),
    "reservation.of_another_car": Entry("The reservation is of another car.", "Start with the car reserved."),
    "reservation.of_another_member": Entry("The reservation is of another member.", "Start for the one who reserved."),
    "reservation.shortened_too_late": Entry(
        "It is too late to shorten the period.", "Bring the car back earlier, or cancel."
    ),
    "reservation.too_early": Entry("The trip may not start yet.", "Come back at `starts_from`."),
    "reservation.too_far_ahead": Entry("The period is too far ahead.", "Begin at `furthest` at the latest."),
    "reservation.too_long": Entry("A car cannot be kept for so long.", "Choose an earlier end."),
    "reservation.too_short": Entry("The period is too short.", "End at `earliest` at the earliest."),
    "rulebook.city_lost": Entry("A city that has cars or trips is missing.", "Keep it in the rulebook."),
    "rulebook.faulty": Entry("The rulebook has faults.", "Mend what each detail names."),
    "rulebook.other_service": Entry("The rulebook is of another service.", "Publish it for its own."),
    "rulebook.valid_too_early": Entry("It would hold before the one in force began.", "Choose a later time."),
    "service.no_tariff": Entry("The model has no price in this city.", "Add it to the rulebook, or take another car."),
    "service.unknown_city": Entry("The service does not run in this city.", "Choose one of its cities."),
    "task.closed": Entry("The task is done or cancelled already.", "Raise a new one if there is more to do."),
    "damage.charged_already": Entry("There is a charge for this damage.", "Waive that first, if it is wrong."),
    "damage.no_excess": Entry("The rulebook does not say what members are liable for.", "Publish a fee `damage`."),
    "damage.not_alone": Entry("Others may have done the damage.", "Have another person look at it, and decide."),
    "damage.not_had": Entry("The trip did not have the car then.", "Look at the `attribution` of the damage."),
    "damage.not_in_trip": Entry("The trip does not run, or is over for long.", "Tell the staff."),
    "damage.too_late": Entry("A time that has not come, or is after the damage.", "Choose an earlier one."),
    "code.not_valid_now": Entry("The code holds at another time.", "Look at when it holds."),
    "code.not_with_another": Entry("Another code's product is not used up.", "Use that first."),
    "code.only_for_newcomers": Entry("The code is for who has just joined.", "Use another one."),
    "code.unknown": Entry("There is no such code in the member's city.", "Look at how it is written."),
    "code.used_already": Entry("The member has used the code.", "Use another one."),
    "code.used_up": Entry("The code was for so many, and all of them have used it.", "Use another one."),
    "debit.no_bank_day": Entry("Banks move no euro on the day.", "Choose a day on which TARGET is open."),
    "debit.not_in_collection": Entry("The debit is not at the bank.", "Look at it again."),
    "debit.returned_already": Entry("The debit came back under another reference.", "Ask the bank."),
    "debit.too_late": Entry("The day of collection is too near.", "Choose a later day."),
    "debit.too_many": Entry("A batch has no debit, or too many.", "Put as many together as the detail says."),
    "debit.unknown_seller": Entry("No legal entity has this id.", "Look into the rulebook."),
    "fee.amount_missing": Entry("The catalogue has no amount for this fee.", "Say what it cost."),
    "fee.amount_not_wanted": Entry("The catalogue has the amount of this fee.", "Leave `amount` out."),
    "fee.amount_too_high": Entry("The fee has a most in the catalogue.", "Give less, or publish another most."),
    "fee.amount_unfit": Entry(
        "No such amount can be charged.", "Give more than nothing, in the currency of the service."
    ),
    "fee.not_of_this_trip": Entry("What happened is not of this trip.", "Look for the trip of that time."),
    "fee.too_late": Entry("The trip is too long ago for this fee.", "Nothing: it is not charged any more."),
    "fee.trip_not_ended": Entry("The trip has not ended.", "Wait until it has."),
    "fee.unknown": Entry("The city has no such fee.", "Take one of `GET /v1/fees`, or publish it."),
    "fee.without_evidence": Entry("Nothing shows that the fee is due.", "Say what does."),
    "fee.without_reason": Entry("The fee has no reason.", "Say why."),
    "transfer.amount_out_of_range": Entry("A transfer brought nothing.", "Look at the bank's entry again."),
    "transfer.not_owed": Entry(
        "Nothing of the transfer is owed as too much.", "It may be on record as paid back under another reference."
    ),
    "transfer.not_received": Entry("The transfer is for no invoice yet.", "Assign it first."),
    "transfer.of_another_invoice": Entry("The transfer counts for another invoice.", "Look at that one."),
    "transfer.other_currency": Entry(
        "The invoice is in another currency.", "Give the money back, and ask for it anew."
    ),
    "transfer.other_seller": Entry(
        "The invoice is of another seller than the account.", "Look for one of this seller."
    ),
    "transfer.without_reason": Entry("An assignment has no reason.", "Say why it is for this invoice."),
    "trip.option_not_had": Entry("The option is for whoever has it in their balance.", "Leave it out, or buy it."),
    "trip.charge_undecided": Entry("What the trip costs is not settled.", "Decide its charge, or wait."),
    "trip.correction_too_late": Entry("The trip is too long ago to charge more.", "Only less is possible."),
    "trip.correction_without_evidence": Entry("Nothing shows what is true.", "Say what does."),
    "trip.correction_without_reason": Entry("A correction has no reason.", "Say why."),
    "trip.distance_contradicted": Entry("Odometer and places disagree.", "Check both, then decide."),
    "trip.distance_impossible": Entry("No car drives so far in that time.", "Check the odometer, then decide."),
    "trip.end_before_start": Entry("The end lies before the start.", "Choose a later time."),
    "trip.end_contradicted": Entry("The car was used after this end.", "Check when the trip really ended."),
    "trip.end_dated_far_back": Entry("The end is dated far back.", "Check when the trip really ended."),
    "trip.end_in_future": Entry("The end has not come yet.", "Choose an earlier time."),
    "trip.end_in_no_parking_zone": Entry("Cars may not be left here.", "Park outside the zones in `values`."),
    "trip.end_outside_home_area": Entry("The car is outside the area of the service.", "Bring it back."),
    "trip.end_without_evidence": Entry(
        "The car does not show that the trip had ended.", "Look for a photo or a witness."
    ),
    "trip.end_without_reason": Entry("A forced end has no reason.", "Say why."),
    "trip.not_ended": Entry("The trip has not ended.", "Wait, or end it for the member."),
    "trip.step_pending": Entry("The car has not answered the last request yet.", "Wait a moment."),
    "trip.unknown_option": Entry("The tariff has no such option.", "Choose one that the quote offers."),
    "trip.unknown_package": Entry("The tariff has no such package.", "Choose one that the quote offers."),
    "trip.wrong_state": Entry("The trip is at another step.", "Look at its `state`, and at what that allows."),
    "vehicle.booked": Entry(
        "The car is promised to somebody else then.", "Take a period in `free_instead`, or another car."
    ),
    "vehicle.booked_soon": Entry("The car is promised to somebody soon.", "Choose another car."),
    "vehicle.command_pending": Entry("The car has not answered the last command yet.", "Wait a moment."),
    "vehicle.contact_lost": Entry("The car cannot be reached.", "Another car; in a trip, move into the open or call."),
    "vehicle.decommissioned": Entry("The car has left the fleet.", "Another car."),
    "vehicle.doors_open": Entry("A door, the boot or the hood is open.", "Close them all."),
    "product.amount_not_wanted": Entry("The list says what the product holds.", "Leave `amount` out."),
    "product.amount_unfit": Entry("The list leaves the amount open, and it is missing or does not fit.", "Give one."),
    "product.gift_without_reason": Entry("A gift has no reason.", "Say why."),
    "product.had_already": Entry("The member has this, and one is enough.", "Wait until it ends."),
    "product.not_for_sale": Entry("The product is given, and cannot be bought.", "Take another of `GET /v1/products`."),
    "product.renews": Entry("What renews is bought, not given.", "Give another product."),
    "product.unknown": Entry("The city has no such product.", "Take one of `GET /v1/products`, or publish it."),
    "vehicle.energy_too_low": Entry("There is too little fuel or charge.", "Another car."),
    "vehicle.ignition_on": Entry("The ignition is on.", "Switch it off."),
    "vehicle.in_service": Entry(
        "Members may take the car, so it is locked whenever it stands open.", "Take it out of service first."
    ),
    "vehicle.in_trip": Entry("Somebody drives the car.", "Another car."),
    "vehicle.incapable": Entry("The car cannot be told this.", "Somebody has to go there."),
    "vehicle.lock_unknown": Entry("The car has yet to tell that it is locked.", "Wait a moment."),
    "vehicle.moving": Entry("The car moves.", "Stop it."),
    "vehicle.out_of_service": Entry("The car is not offered now.", "Another car."),
    "vehicle.position_too_old": Entry("The car has not said where it stands.", "Wait, or move into the open."),
    "vehicle.position_unknown": Entry("Nobody knows where the car is.", "Another car; in a trip, call support."),
    "vehicle.promised": Entry("Somebody has reserved the car ahead of time.", "Have the reservations cancelled first."),
    "vehicle.reserved": Entry("Somebody has reserved the car.", "Another car."),
    "vehicle.stands_open": Entry("The car is not locked.", "Another car; operators send somebody."),
    "vehicle.unlocked": Entry("The car has yet to be locked.", "Close the doors and wait a moment."),
    "vehicle.vin_taken": Entry(
        "A car with this VIN is in the fleet.", "Check the VIN, or decommission the other first."
    ),
    "webhook.before_its_subscription": Entry("A partner is sent nothing older.", "Begin where the detail says."),
    "webhook.beyond_the_log": Entry("The log has not come that far.", "Choose a position up to its end."),
    "webhook.not_stopped_there": Entry("The webhook does not wait at that event.", "Look where it stopped."),
    "webhook.quota_reached": Entry("A partner has as many webhooks as it may.", "Unsubscribe one, or ask an operator."),
    "zone.crosses_antimeridian": Entry("The zone crosses 180° of longitude.", "Draw it as two zones."),
    "zone.ring_not_closed": Entry("A ring does not end where it began.", "Repeat its first corner at the end."),
}
"""By the code of a violation."""


def address_of(code: str) -> str:
    """Where an error is explained, on the server that answered."""
    return f"{ADDRESS}#{code}"


def page() -> str:
    """The catalogue for people who come from a problem's `help`."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>CSBE: errors</title><body>'
        f"{''.join(_parts())}</body></html>"
    )


def _parts() -> Iterator[str]:
    for title, entries in (("Problems", PROBLEMS), ("Violations", VIOLATIONS)):
        yield f"<h1>{title}</h1><dl>"
        for code, entry in entries.items():
            yield f'<dt id="{code}"><code>{code}</code></dt><dd>{escape(entry.means)} {escape(entry.helps)}</dd>'
        yield "</dl>"
