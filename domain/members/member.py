"""A member's account."""

from dataclasses import field
from datetime import date, datetime
from typing import Self
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.calendar import Calendar, Entry
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import InvoiceId, MemberId, ReservationId, TripId
from domain.kernel.personal import Personal
from domain.members import commands
from domain.members.age import age_violation
from domain.members.bookings import still_booked
from domain.members.eligibility import arrears_violation, licence_violations, payment_violation
from domain.members.facts import Licence, LicenceState, MemberState, PaymentMethod, PostalAddress, Traits
from domain.members.identifier import IdentifierKind
from domain.members.licence_check import expired, missing, turned_down
from domain.members.open_items import OpenItemKind, open_item_violations
from domain.rulebook.model import Rulebook


class Member(Aggregate):
    """A person who may drive: registered -> checked -> idle <-> in_reservation <-> in_trip; idle -> erased."""

    TOPIC = "members.member"

    service: str
    city_id: str
    name: Personal[str]
    email: Personal[str]
    birth_date: Personal[date]
    address: Personal[PostalAddress] = None
    email_verified: bool = False
    licence: Licence | None = None
    payment_methods: tuple[PaymentMethod, ...] = ()
    identifiers: Traits = ()
    """What tells this person from others, as the store knows it."""
    in_review: tuple[IdentifierKind, ...] = ()
    """What another account has too: an agent looks at both before this one may drive."""
    turned_away: bool = False
    """The address is that of another account, which is all that its owner needs."""
    blocked: bool = False
    arrears: tuple[InvoiceId, ...] = ()
    """Invoices that could not be charged and are not settled."""
    open_items: dict[UUID, OpenItemKind] = field(default_factory=dict)
    """What is not settled yet: charges, invoices and credit notes."""
    erased: bool = False
    bookings: Calendar = Calendar()
    """What is reserved ahead of time, for which periods."""
    reservation_id: ReservationId | None = None
    trip_id: TripId | None = None

    class Registered(Created):
        """Somebody opened an account."""

        TOPIC = "members.member.registered"
        service: str
        city_id: str
        name: Personal[str]
        email: Personal[str]
        birth_date: Personal[date]
        address: Personal[PostalAddress]
        """If it was given."""

    class EmailVerified(Event):
        """The address is the member's."""

        TOPIC = "members.member.email_verified"

        def apply(self, aggregate: "Member") -> None:
            aggregate.email_verified = True

    class AddressChanged(Event):
        """The member has moved; invoices that were issued say what they said."""

        TOPIC = "members.member.address_changed"
        address: Personal[PostalAddress]

        def apply(self, aggregate: "Member") -> None:
            aggregate.address = self.address

    class Identified(Event):
        """It is known what would tell that another account is of the same person."""

        TOPIC = "members.member.identified"
        kind: IdentifierKind
        identifier_id: UUID
        method_id: str | None
        """Of the payment method that it tells, if it tells one."""

        def apply(self, aggregate: "Member") -> None:
            known = (self.kind, self.method_id)
            others = tuple(trait for trait in aggregate.identifiers if trait[:2] != known)
            aggregate.identifiers = (*others, (*known, self.identifier_id))

    class HeldForReview(Event):
        """Other accounts have it too, or had it when they were blocked: an agent looks at them."""

        TOPIC = "members.member.held_for_review"
        kind: IdentifierKind
        others: tuple[MemberId, ...]

        def apply(self, aggregate: "Member") -> None:
            aggregate.in_review = (*aggregate.in_review, self.kind)

    class ReviewCleared(Event):
        """An agent has looked: this account may stay beside the others."""

        TOPIC = "members.member.review_cleared"
        reason: Personal[str]

        def apply(self, aggregate: "Member") -> None:
            aggregate.in_review = ()

    class TurnedAway(Event):
        """The address belongs to another account, or to one that is blocked: this one leads nowhere.

        Whoever opened it is told nothing, as they may not be the owner; the owner is, by mail.
        """

        TOPIC = "members.member.turned_away"
        banned: bool

        def apply(self, aggregate: "Member") -> None:
            aggregate.turned_away = True

    class LicenceSubmitted(Event):
        """A driving licence waits for its check."""

        TOPIC = "members.member.licence_submitted"
        number: Personal[str]
        country: Personal[str]
        issued_on: Personal[date]
        expires_on: Personal[date]

        def apply(self, aggregate: "Member") -> None:
            aggregate.licence = Licence.of(self.country, self.issued_on, self.expires_on)

    class LicenceVerified(Event):
        """The licence was seen and is good."""

        TOPIC = "members.member.licence_verified"

        def apply(self, aggregate: "Member") -> None:
            changed = {"state": LicenceState.VERIFIED, "verified_at": self.timestamp}
            aggregate.licence = aggregate.licence and aggregate.licence.model_copy(update=changed)

    class LicenceRejected(Event):
        """The licence was turned down."""

        TOPIC = "members.member.licence_rejected"
        reason: Personal[str]

        def apply(self, aggregate: "Member") -> None:
            changed = {"state": LicenceState.REJECTED}
            aggregate.licence = aggregate.licence and aggregate.licence.model_copy(update=changed)

    class PaymentMethodAdded(Event):
        """A way to pay was added; the newest is charged."""

        TOPIC = "members.member.payment_method_added"
        method_id: str
        token: Personal[str]
        brand: Personal[str]
        prepaid: bool
        expires_on: Personal[date]

        def apply(self, aggregate: "Member") -> None:
            method = PaymentMethod.of(self.method_id, self.token, self.brand, self.expires_on, prepaid=self.prepaid)
            aggregate.payment_methods = (*aggregate.payment_methods, *method)

    class PaymentMethodRemoved(Event):
        """A way to pay is not used any more."""

        TOPIC = "members.member.payment_method_removed"
        method_id: str

        def apply(self, aggregate: "Member") -> None:
            aggregate.payment_methods = tuple(m for m in aggregate.payment_methods if m.method_id != self.method_id)
            aggregate.identifiers = tuple(trait for trait in aggregate.identifiers if trait[1] != self.method_id)

    class Blocked(Event):
        """No new reservations and trips."""

        TOPIC = "members.member.blocked"
        reason: Personal[str]

        def apply(self, aggregate: "Member") -> None:
            aggregate.blocked = True

    class Unblocked(Event):
        """Free again."""

        TOPIC = "members.member.unblocked"
        reason: Personal[str]

        def apply(self, aggregate: "Member") -> None:
            aggregate.blocked = False

    class FellIntoArrears(Event):
        """The money of an invoice could not be taken: no new reservations and trips until it is settled."""

        TOPIC = "members.member.fell_into_arrears"
        invoice_id: InvoiceId

        def apply(self, aggregate: "Member") -> None:
            aggregate.arrears = (*aggregate.arrears, self.invoice_id)

    class ArrearsSettled(Event):
        """The invoice is paid, or nothing is owed for it any more."""

        TOPIC = "members.member.arrears_settled"
        invoice_id: InvoiceId

        def apply(self, aggregate: "Member") -> None:
            aggregate.arrears = tuple(i for i in aggregate.arrears if i != self.invoice_id)

    class OpenItemNoted(Event):
        """Something is not settled: the member must still pay, or be paid."""

        TOPIC = "members.member.open_item_noted"
        item_id: UUID
        """Of a charge, an invoice or a credit note."""
        kind: OpenItemKind

        def apply(self, aggregate: "Member") -> None:
            aggregate.open_items = {**aggregate.open_items, self.item_id: self.kind}

    class OpenItemCleared(Event):
        """It is settled."""

        TOPIC = "members.member.open_item_cleared"
        item_id: UUID

        def apply(self, aggregate: "Member") -> None:
            aggregate.open_items = {id: kind for id, kind in aggregate.open_items.items() if id != self.item_id}

    class Erased(Event):
        """Nothing about the person is to be read any more: the key is destroyed, and no car is given out."""

        TOPIC = "members.member.erased"
        reason: Personal[str]
        """Gone with the rest: who asked, and when, stays."""
        by: str
        """Id of whoever asked for it."""

        def apply(self, aggregate: "Member") -> None:
            aggregate.erased, aggregate.payment_methods, aggregate.identifiers = True, (), ()

    class Booked(Event):
        """The member has a reservation for a period, or has changed it."""

        TOPIC = "members.member.booked"
        entry: Entry

        def apply(self, aggregate: "Member") -> None:
            aggregate.bookings = aggregate.bookings.with_entry(self.entry)

    class BookingClosed(Event):
        """A reservation for a period is over, whatever came of it."""

        TOPIC = "members.member.booking_closed"
        reservation_id: ReservationId
        unsettled: UUID | None
        """The reservation, if it is to be paid."""

        def apply(self, aggregate: "Member") -> None:
            aggregate.bookings = aggregate.bookings.without(self.reservation_id)
            if self.unsettled is not None:
                aggregate.open_items = {**aggregate.open_items, self.unsettled: "unsettled"}

    class ReservationOpened(Event):
        """The member holds a car."""

        TOPIC = "members.member.reservation_opened"
        reservation_id: ReservationId

        def apply(self, aggregate: "Member") -> None:
            aggregate.reservation_id = self.reservation_id

    class TripOpened(Event):
        """The member is on a trip."""

        TOPIC = "members.member.trip_opened"
        trip_id: TripId

        def apply(self, aggregate: "Member") -> None:
            aggregate.trip_id, aggregate.reservation_id = self.trip_id, None

    class Released(Event):
        """The reservation or the trip is over; back to a reservation that is still valid, or idle."""

        TOPIC = "members.member.released"
        to_reservation: ReservationId | None
        unsettled: UUID | None = None
        """The trip or the reservation, if it is to be paid."""

        def apply(self, aggregate: "Member") -> None:
            aggregate.trip_id, aggregate.reservation_id = None, self.to_reservation
            if self.unsettled is not None:
                aggregate.open_items = {**aggregate.open_items, self.unsettled: "unsettled"}

    @property
    def state(self) -> MemberState:
        """What the member is doing."""
        if self.trip_id is not None:
            return MemberState.IN_TRIP
        return MemberState.IN_RESERVATION if self.reservation_id is not None else MemberState.IDLE

    @property
    def charged_method(self) -> PaymentMethod | None:
        """The newest payment method."""
        return self.payment_methods[-1] if self.payment_methods else None

    @classmethod
    def register(cls, command: commands.RegisterMember, service: str, at: datetime) -> Self:
        """Open an account."""
        facts = command.model_dump(exclude={"member_id"})
        return cls.begin(cls.Registered, id=command.member_id, timestamp=at, service=service, **facts)

    def verify_email(self, at: datetime) -> None:
        """The address is the member's; known already, it changes nothing. Refused when the account leads nowhere."""
        if self.turned_away:
            detail = "this account leads nowhere: the address is another's"
            refuse_if([Violation(code="member.turned_away", detail=detail)])
        if not self.email_verified:
            self.trigger_event(self.EmailVerified, timestamp=at)

    def change_address(self, address: PostalAddress, at: datetime) -> None:
        """Note where the member lives; known already, it changes nothing."""
        if address != self.address:
            self.trigger_event(self.AddressChanged, timestamp=at, address=address)

    def identify(self, kind: IdentifierKind, identifier_id: UUID, at: datetime, method_id: str | None = None) -> None:
        """Note what tells this person from others; noted already, it changes nothing."""
        if (kind, method_id, identifier_id) not in self.identifiers:
            facts = {"kind": kind, "identifier_id": identifier_id, "method_id": method_id}
            self.trigger_event(self.Identified, timestamp=at, **facts)

    def hold_for_review(self, kind: IdentifierKind, others: tuple[MemberId, ...], at: datetime) -> None:
        """Keep the member from driving until an agent has looked at the other accounts too."""
        if kind not in self.in_review:
            self.trigger_event(self.HeldForReview, timestamp=at, kind=kind, others=others)

    def clear_review(self, reason: str, at: datetime) -> None:
        """Let the account stay beside the others. Nothing in review, it changes nothing."""
        if self.in_review:
            self.trigger_event(self.ReviewCleared, timestamp=at, reason=reason)

    def turn_away(self, at: datetime, *, banned: bool) -> None:
        """Have the account lead nowhere."""
        self.trigger_event(self.TurnedAway, timestamp=at, banned=banned)

    def submit_licence(self, command: commands.SubmitLicence, at: datetime) -> None:
        """Take a licence for a check; it replaces an earlier one. The caller has checked its dates."""
        facts = command.model_dump(exclude={"member_id"})
        self.trigger_event(self.LicenceSubmitted, timestamp=at, **facts)

    def verify_licence(self, at: datetime, today: date) -> None:
        """Accept the licence handed in; twice changes nothing. One turned down or expired must be handed in anew."""
        known = self.licence
        refuse_if([missing(known), turned_down(known), expired(known.expires_on, today) if known else None])
        if self._licence_state is not LicenceState.VERIFIED:
            self.trigger_event(self.LicenceVerified, timestamp=at)

    def reject_licence(self, reason: str, at: datetime) -> None:
        """Turn the licence handed in down, be it accepted already; twice changes nothing."""
        refuse_if([missing(self.licence)])
        if self._licence_state is not LicenceState.REJECTED:
            self.trigger_event(self.LicenceRejected, reason=reason, timestamp=at)

    def add_payment_method(self, command: commands.AddPaymentMethod, at: datetime) -> None:
        """Take a payment method; one that is known changes nothing."""
        if command.method_id not in {m.method_id for m in self.payment_methods}:
            facts = command.model_dump(exclude={"member_id", "fingerprint"})
            self.trigger_event(self.PaymentMethodAdded, timestamp=at, **facts)

    def lose_payment_method(self, method_id: str, at: datetime) -> None:
        """Forget one that is of no use any more, as a mandate that has ended."""
        if method_id in {m.method_id for m in self.payment_methods}:
            self.trigger_event(self.PaymentMethodRemoved, method_id=method_id, timestamp=at)

    def remove_payment_method(self, method_id: str, at: datetime) -> None:
        """Forget a payment method, not while it may have to be charged."""
        refuse_if([self.occupation(), still_booked(self.bookings)])
        self.lose_payment_method(method_id, at)

    def block(self, reason: str, at: datetime) -> None:
        """Keep the member from anything new; what is under way goes on. Blocked already, it changes nothing."""
        if not self.blocked:
            self.trigger_event(self.Blocked, reason=reason, timestamp=at)

    def unblock(self, reason: str, at: datetime) -> None:
        """Lift the block."""
        if self.blocked:
            self.trigger_event(self.Unblocked, reason=reason, timestamp=at)

    def fall_into_arrears(self, invoice_id: InvoiceId, at: datetime) -> None:
        """Keep the member from anything new until the invoice is settled. Noted already, it changes nothing."""
        if invoice_id not in self.arrears:
            self.trigger_event(self.FellIntoArrears, invoice_id=invoice_id, timestamp=at)

    def settle_arrears(self, invoice_id: InvoiceId, at: datetime) -> None:
        """The invoice stands against the member no more; one that did not changes nothing."""
        if invoice_id in self.arrears:
            self.trigger_event(self.ArrearsSettled, invoice_id=invoice_id, timestamp=at)

    def note_open_item(self, item_id: UUID, kind: OpenItemKind, at: datetime) -> None:
        """Something is not settled. Noted already, it changes nothing."""
        if item_id not in self.open_items:
            self.trigger_event(self.OpenItemNoted, item_id=item_id, kind=kind, timestamp=at)

    def clear_open_item(self, item_id: UUID, at: datetime) -> None:
        """It is settled; what was not open changes nothing."""
        if item_id in self.open_items:
            self.trigger_event(self.OpenItemCleared, item_id=item_id, timestamp=at)

    def erase(self, reason: str, by: str, at: datetime) -> None:
        """Forget the person, not while a car is in hand or money is open. Erased already, it changes nothing."""
        if self.erased:
            return
        refuse_if([self.occupation(), still_booked(self.bookings), *open_item_violations(self.open_items)])
        self.trigger_event(self.Erased, reason=reason, by=by, timestamp=at)

    def erasure(self) -> Violation | None:
        """What stands against anything that needs a person."""
        if not self.erased:
            return None
        return Violation(code="member.erased", detail="this account was erased: open a new one")

    def ineligibility(self, rulebook: Rulebook, at: datetime, until: datetime | None = None) -> list[Violation]:
        """Every reason why this person may not take a car now, or may not have it until then.

        Age and expiries go by the day in the member's city.
        """
        if erasure := self.erasure():
            return [erasure]
        rules, city = rulebook.eligibility, rulebook.city(self.city_id)
        today, last_day = city.local_day(at), city.local_day(until or at)
        found = [
            age_violation(self.birth_date, rules, today),
            *licence_violations(self.licence, rules, at, today, last_day),
            payment_violation(self.charged_method, rules, last_day),
            *self._standing(),
            arrears_violation(self.arrears),
            self.occupation(),
        ]
        return [violation for violation in found if violation]

    def _standing(self) -> list[Violation]:
        """What stands against the account itself. A review shows only who has proved the address."""
        found = []
        if not self.email_verified:
            found.append(Violation(code="member.email_unverified", detail="verify the e-mail address"))
        elif self.in_review:
            found.append(Violation(code="member.in_review", detail="we are looking at this account: contact support"))
        if self.blocked:
            found.append(Violation(code="member.blocked", detail="this account is blocked: contact support"))
        return found

    def occupation(self) -> Violation | None:
        """The reservation or the trip that stands against another one."""
        return self._busy() if self.state is not MemberState.IDLE else None

    def book(self, entry: Entry, at: datetime) -> None:
        """Note a reservation for a period, or its new period. The caller has checked `booking_violations`."""
        refuse_if([self.erasure()])
        if self.bookings.entry(entry.id) != entry:
            self.trigger_event(self.Booked, entry=entry, timestamp=at)

    def close_booking(self, reservation_id: ReservationId, at: datetime, *, unsettled: UUID | None = None) -> None:
        """A reservation for a period is over, and may be to be paid; closed already, it changes nothing."""
        if self.bookings.entry(reservation_id):
            facts = {"reservation_id": reservation_id, "unsettled": unsettled}
            self.trigger_event(self.BookingClosed, timestamp=at, **facts)

    def open_reservation(self, reservation_id: ReservationId, at: datetime) -> None:
        """Note the one reservation. The caller has checked `occupation`."""
        refuse_if([self.erasure(), self.occupation()])
        self.trigger_event(self.ReservationOpened, reservation_id=reservation_id, timestamp=at)

    def open_trip(self, trip_id: TripId, at: datetime) -> None:
        """Note the one trip; it takes the place of the member's reservation."""
        refuse_if([self.erasure(), self._busy() if self.state is MemberState.IN_TRIP else None])
        self.trigger_event(self.TripOpened, trip_id=trip_id, timestamp=at)

    def release(
        self, at: datetime, *, to_reservation: ReservationId | None = None, unsettled: UUID | None = None
    ) -> None:
        """Reservation or trip is over, and may be to be paid; idle already, it changes nothing."""
        if self.state is not MemberState.IDLE:
            facts = {"to_reservation": to_reservation, "unsettled": unsettled}
            self.trigger_event(self.Released, timestamp=at, **facts)

    @property
    def _licence_state(self) -> LicenceState | None:
        return self.licence.state if self.licence else None

    def _busy(self) -> Violation:
        code = "member.in_trip" if self.state is MemberState.IN_TRIP else "member.in_reservation"
        what = self.trip_id or self.reservation_id
        return Violation(code=code, detail="end what is open first", values={"id": str(what)})
