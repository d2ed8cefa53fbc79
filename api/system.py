"""What the routes work with; composed in `api.composition`, or by a test."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from opentelemetry.trace import Tracer

from api.auth import TokenAuthority
from api.authentication import Authenticator
from api.command_ids import CommandIds
from api.edge.outage import Availability
from api.login import Login
from api.readiness import Readiness
from api.sealing import Sealer
from api.settings import Settings
from domain.billing.document import Documents
from domain.dispatcher import Dispatcher
from domain.kernel.demand import DemandLog
from domain.kernel.errors import UnknownServiceError
from domain.kernel.payment_port import MethodDetails, ProviderNoticeReceiver
from domain.kernel.ports import Clock, EventStore, NewestValues
from domain.kernel.reads import ReadLog
from domain.rulebook.history import RulebookHistory
from domain.rulebook.model import Rulebook
from domain.webhooks.ports import Webhooks

Row = dict[str, Any]  # a row of a read model: the values of its columns
Fetch = Callable[..., Awaitable[list[Row]]]
"""Runs one bound query on the read models."""


class Extract(NamedTuple):
    """Some rows of a long answer, and PostgreSQL's name of the type of each column."""

    types: Mapping[str, str]
    rows: list[Row]


@dataclass(frozen=True)
class System:
    """Everything behind the routes."""

    settings: Settings
    dispatcher: Dispatcher
    store: EventStore
    beside: NewestValues
    """What changes too often for the log."""
    clock: Clock
    tokens: TokenAuthority
    authenticate: Authenticator
    login: Login
    sealer: Sealer
    command_ids: CommandIds
    rulebooks: RulebookHistory
    fetch: Fetch
    extract: Callable[..., AsyncGenerator[Extract, None]]
    """Runs one bound query, and gives its rows piece by piece. Raises `TimeoutError` when that takes too long."""
    wait_until: Callable[[int], Awaitable[bool]]
    """Until the read models have reached a position of the log; false when that takes too long."""
    documents: Documents
    """Writes invoices and credit notes for people and for programs."""
    demand: DemandLog
    """Counts what members ask for."""
    reads: ReadLog
    """Keeps who was shown what of whom."""
    end: Callable[[], Awaitable[int]]
    """The last position of the log."""
    webhooks: Webhooks
    take_stock: Callable[[], Awaitable[None]]
    """Brings the gauges up to date before they are read."""
    availability: Availability
    """Whether the database is there."""
    outages: tuple[type[Exception], ...]
    """Errors that say that something outside of us, such as the database, does not answer."""
    mail_allowance: Callable[[str], Awaitable[float | None]]
    """Counts a mail to an address; in how many seconds to ask again when there were too many."""
    code_allowance: Callable[[str], Awaitable[float | None]]
    """Counts a member's try of a promotional code; in how many seconds to ask again when there were too many."""
    describe_method: Callable[[str], Awaitable[MethodDetails | None]]
    """Asks the payment provider what is behind a token; none if it does not know it."""
    provider_notices: ProviderNoticeReceiver | None
    """Takes in what the payment provider sends by itself; none where it sends nothing."""
    readiness: Readiness
    """How the parts of the process are."""
    tracer: Tracer | None = None
    """Makes spans of requests; none while traces are off."""
    warnings: Sequence[str] = ()
    """What is not as it should be where members are real."""

    def rulebook(self, service: str) -> Rulebook:
        """The rules of a service that hold now. Raises `UnknownServiceError`."""
        version = self.rulebooks.in_force(service, self.clock.now())
        if version is None:
            raise UnknownServiceError(service)
        return version.rulebook
