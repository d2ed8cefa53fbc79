"""What may be asked about what payers have in advance."""

from uuid import UUID

from domain.kernel.ids import ChargeId, MemberId, PayerId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.personal import Told
from domain.kernel.values import Count


class BuyProduct(Command):
    """Buy a product of a city's list: it is invoiced and charged at once, and may be used at once.

    If its price cannot be taken, it is used no more until it is paid.
    """

    NAME = "billing.buy_product"
    CREATES = "entry_id"

    entry_id: UUID
    member_id: MemberId
    city_id: str
    product: str
    """Id in the list of the city."""


class GiveProduct(Command):
    """Give a member a product that they do not pay for, such as a credit, or a tier.

    When it is worth more than the limit of the service, two persons must give the same.
    """

    NAME = "billing.give_product"
    CREATES = "entry_id"

    entry_id: UUID
    member_id: MemberId
    city_id: str
    product: str
    amount: Money | None = None
    """Of a credit, where the list leaves it open."""
    reason: Told[str]


class RedeemCode(Command):
    """Use a code of one's city, and be given what it is for. A member uses each code once."""

    NAME = "billing.redeem_code"
    CREATES = "entry_id"

    entry_id: UUID
    member_id: MemberId
    code: Told[str]
    """In capitals or not, with or without blanks around it."""


class GiveBackUse(Command):
    """Give a payer back what a charge used of their balance, as where its invoice is 0 and cannot be credited.

    The charge stays as it is. When it is worth more than the limit of the service, two persons must do the same.
    """

    NAME = "billing.give_back_use"

    charge_id: ChargeId
    reason: Told[str]


class CancelProduct(Command):
    """Have a product that renews end with its period, or where its notice is over, with the next."""

    NAME = "billing.cancel_product"

    member_id: MemberId
    entry_id: UUID


class RenewOrEndProduct(Command):
    """A period is over: buy the next one, or let it end. In another period it changes nothing."""

    NAME = "billing.renew_or_end_product"

    payer_id: PayerId
    entry_id: UUID
    period: Count


class RemindOfProduct(Command):
    """A period ends soon: tell whoever has something left."""

    NAME = "billing.remind_of_product"

    payer_id: PayerId
    entry_id: UUID
    period: Count
