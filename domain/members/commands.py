"""What may be asked for about a member."""

from datetime import date
from uuid import UUID

from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.kernel.personal import Told
from domain.members.facts import PostalAddress


class RegisterMember(Command):
    """Open an account."""

    NAME = "members.register_member"
    CREATES = "member_id"

    member_id: MemberId
    city_id: str
    name: Told[str]
    email: Told[str]
    birth_date: Told[date]
    address: Told[PostalAddress | None] = None
    """Stands on the invoices, if it is given."""


class VerifyEmail(Command):
    """Note that the e-mail address is the member's, who has shown a code that was mailed there."""

    NAME = "members.verify_email"

    member_id: MemberId


class ChangeAddress(Command):
    """Have invoices from now on say where the member lives now."""

    NAME = "members.change_address"

    member_id: MemberId
    address: Told[PostalAddress]


class SubmitLicence(Command):
    """Hand in a driving licence for a check."""

    NAME = "members.submit_licence"

    member_id: MemberId
    number: Told[str]
    country: Told[str]
    issued_on: Told[date]
    expires_on: Told[date]


class VerifyLicence(Command):
    """Confirm that the licence was seen and is good."""

    NAME = "members.verify_licence"

    member_id: MemberId


class RejectLicence(Command):
    """Turn the licence down."""

    NAME = "members.reject_licence"

    member_id: MemberId
    reason: Told[str]


class AddPaymentMethod(Command):
    """Take a payment method, known by the provider's token; the newest one is charged."""

    NAME = "members.add_payment_method"
    CREATES = "method_id"

    member_id: MemberId
    method_id: str
    token: Told[str]
    brand: Told[str]
    prepaid: bool = False
    expires_on: Told[date]
    fingerprint: Told[str | None] = None
    """By which the provider knows the card or account itself, however often it was given a token."""


class RemovePaymentMethod(Command):
    """Forget a payment method."""

    NAME = "members.remove_payment_method"

    member_id: MemberId
    method_id: str


class ClearReview(Command):
    """Let an account stay that shares its licence, payment method or address with another one."""

    NAME = "members.clear_review"

    member_id: MemberId
    reason: Told[str]


class EndBan(Command):
    """Forget a ban that was kept of a member who was erased, once its time is up."""

    NAME = "members.end_ban"

    identifier_id: UUID
    member_id: MemberId


class BlockMember(Command):
    """Keep a member from new reservations and trips, whichever account of the service they come with."""

    NAME = "members.block_member"

    member_id: MemberId
    reason: Told[str]


class UnblockMember(Command):
    """Lift a block."""

    NAME = "members.unblock_member"

    member_id: MemberId
    reason: Told[str]


class EraseMember(Command):
    """Make everything that is known about the person unreadable, for ever."""

    NAME = "members.erase_member"

    member_id: MemberId
    reason: Told[str]
