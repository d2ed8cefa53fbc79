"""What a bank's file says, as it says it: amounts exact, directions named, what contradicts itself beside it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from domain.kernel.money import MOST_MINOR, Currency, Money


@dataclass(frozen=True)
class Finding:
    """What is wrong in a file, or contradicts itself there. Nothing is left out or mended because of it."""

    where: str
    what: str


@dataclass(frozen=True)
class Amount:
    """A number of major units, never negative, and the currency as given."""

    number: Decimal
    currency: str

    @property
    def money(self) -> Money | None:
        """The same as money; none in a currency that is not known here, or in parts of its minor unit."""
        currency = Currency.__members__.get(self.currency)
        if currency is None:
            return None
        minor = self.number.scaleb(currency.exponent)
        if minor != minor.to_integral_value() or minor > MOST_MINOR:
            return None
        return Money.of(int(minor), currency)

    def __str__(self) -> str:
        return f"{self.number} {self.currency}"


@dataclass(frozen=True)
class BankCode:
    """What kind of booking it is."""

    domain: str | None
    """Domain, family and sub-family of ISO 20022, such as `PMNT/RCDT/ESCT`."""
    proprietary: str | None
    """The bank's own, such as `NTRF+166`."""


@dataclass(frozen=True)
class Charges:
    """What the bank took for a booking."""

    total: Amount | None
    included: bool | None
    """Whether the booked amount is less them already; none where the file does not say."""


@dataclass(frozen=True)
class Balance:
    """How much there was."""

    code: str
    """`OPBD` and `CLBD` are those booked at the beginning and the end."""
    amount: Amount | None
    is_credit: bool | None
    on: date | None

    @property
    def signed(self) -> Decimal | None:
        """Below zero when it is owed to the bank."""
        if self.amount is None or self.is_credit is None:
            return None
        return self.amount.number if self.is_credit else -self.amount.number


@dataclass(frozen=True)
class Transaction:
    """One payment of an entry."""

    amount: Amount | None
    """Its own; that of the entry where it has none and is the only one. Never zero."""
    instructed: Amount | None
    is_credit: bool | None
    bank_reference: str | None
    end_to_end_id: str | None
    """None where the payer gave none."""
    mandate_id: str | None
    transaction_id: str | None
    instruction_id: str | None
    payment_information_id: str | None
    uetr: str | None
    creditor_references: tuple[str, ...]
    lines: tuple[str, ...]
    """Free text, as it came."""
    text: str | None
    """Its lines together."""
    counterparty: str | None
    counterparty_account: str | None
    code: BankCode
    return_reason: str | None
    """Why it came back, such as `MD06`; none where nothing did."""
    return_text: str | None
    charges: Charges


@dataclass(frozen=True)
class Batch:
    """What an entry says of the payments that it is the sum of."""

    payment_information_id: str | None
    message_id: str | None
    count: int | None
    total: Amount | None
    is_credit: bool | None


@dataclass(frozen=True)
class Entry:
    """One booking on an account."""

    amount: Amount | None
    is_credit: bool | None
    is_reversal: bool
    status: str | None
    """`BOOK` once it is booked; `PDNG` and `INFO` may still change."""
    booked_on: date | None
    booked_at: datetime | None
    value_on: date | None
    reference: str | None
    """Not unique, whatever its name: some banks put the creditor's id there."""
    bank_reference: str | None
    """By which the bank knows the booking."""
    code: BankCode
    charges: Charges
    batches: tuple[Batch, ...]
    transactions: tuple[Transaction, ...]
    text: str | None
    findings: tuple[Finding, ...]
    """Of this entry alone: nothing should be booked by itself that has any."""


@dataclass(frozen=True)
class Statement:
    """A statement (camt.053) or a notification (camt.054) of one account."""

    id: str | None
    account: str | None
    """IBAN, or what the bank numbers it by."""
    currency: str | None
    owner: str | None
    balances: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]

    def balance(self, code: str) -> Balance | None:
        """The first of a kind."""
        return next((balance for balance in self.balances if balance.code == code), None)


@dataclass(frozen=True)
class Status:
    """What became of a message, a block of it or a payment: a status such as `RJCT` or `ACCP`, and why."""

    code: str | None
    reason: str | None
    text: str | None

    @property
    def is_rejected(self) -> bool:
        return self.code == "RJCT"


@dataclass(frozen=True)
class PaymentStatus:
    """What became of one payment."""

    end_to_end_id: str | None
    instruction_id: str | None
    status: Status
    """Its own; that of its block or message where it has none."""
    amount: Amount | None
    mandate_id: str | None
    creditor_id: str | None


@dataclass(frozen=True)
class BlockStatus:
    """What became of a block; of a rejected one without payments named, each is rejected."""

    id: str | None
    status: Status
    payments: tuple[PaymentStatus, ...]


@dataclass(frozen=True)
class StatusReport:
    """What became of a message that was sent to the bank (pain.002)."""

    original_id: str | None
    original_name: str | None
    original_count: int | None
    status: Status
    """Of the whole message."""
    blocks: tuple[BlockStatus, ...]
    findings: tuple[Finding, ...]

    @property
    def is_of_direct_debits(self) -> bool:
        """Whether it is about a collection; what it says of a transfer must not touch one."""
        return (self.original_name or "").lower().startswith("pain.008")


@dataclass(frozen=True)
class BankFile:
    """All that a file has."""

    kind: str
    """`camt.053`, `camt.054` or `pain.002`, by what is inside."""
    version: int | None
    """As the namespace says."""
    statements: tuple[Statement, ...]
    reports: tuple[StatusReport, ...]
    findings: tuple[Finding, ...]
