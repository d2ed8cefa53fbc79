"""The rules of a service as they were published, one version after another."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import derived_id
from domain.kernel.values import Count, Instant
from domain.rulebook.model import Rulebook

RulebookFiles = dict[str, Annotated[str, Field(max_length=1_000_000)]]
"""Texts by file name."""


class PublishedRulebook(Aggregate):
    """opened -> (published)*. A version is never changed: what is wrong is put right by the next one."""

    TOPIC = "publishing.rulebook"

    service: str
    newest: int = 0
    """Number of the newest version; 0 before the first."""
    digest: str = ""
    valid_from: Instant | None = None

    class Opened(Created):
        """A service is about to have rules."""

        TOPIC = "publishing.rulebook.opened"

        service: str

    class Published(Event):
        """These rules hold from `valid_from` on, until those of a later version do."""

        TOPIC = "publishing.rulebook.published"

        version: Count
        digest: str
        """SHA-256 of what the rules say, see `Rulebook.digest`."""
        files: RulebookFiles
        """The whole text, by file name."""
        valid_from: Instant
        published_by: str
        reason: str

        def apply(self, aggregate: "PublishedRulebook") -> None:
            aggregate.newest, aggregate.digest, aggregate.valid_from = self.version, self.digest, self.valid_from

    @classmethod
    def id_of(cls, service: str) -> UUID:
        """The stream of a service."""
        return derived_id(cls.TOPIC, service)

    @classmethod
    def open(cls, service: str, at: datetime) -> "PublishedRulebook":
        """Begin the stream of a service."""
        return cls.begin(cls.Opened, id=cls.id_of(service), timestamp=at, service=service)

    def publish(
        self,
        rulebook: Rulebook,
        before: Rulebook | None,
        files: RulebookFiles,
        valid_from: datetime,
        *,
        by: str,
        reason: str,
        at: datetime,
    ) -> int:
        """The next version, or the newest one where that says the same. Returns its number.

        Refused for another service, for a past time, and without a city that the rules of `before` had.
        """
        if rulebook.digest == self.digest:
            return self.newest
        refuse_if(
            [
                self._not_of(rulebook),
                self._too_early(valid_from, at),
                *(_lost_cities(rulebook, before) if before else ()),
            ]
        )
        facts = {"version": self.newest + 1, "digest": rulebook.digest, "files": files, "valid_from": valid_from}
        self.trigger_event(self.Published, timestamp=at, published_by=by, reason=reason, **facts)
        return self.newest

    def _not_of(self, rulebook: Rulebook) -> Violation | None:
        if rulebook.key == self.service:
            return None
        values = {"service": self.service, "key": rulebook.key}
        return Violation(code="rulebook.other_service", detail="its key names another service", values=values)

    def _too_early(self, valid_from: datetime, at: datetime) -> Violation | None:
        earliest = max(at, self.valid_from or at)
        if valid_from >= earliest:
            return None
        values = {"valid_from": valid_from.isoformat(), "earliest": earliest.isoformat()}
        detail = "rules hold from now on at the earliest, and not before those of the version before"
        return Violation(code="rulebook.valid_too_early", detail=detail, values=values)


def _lost_cities(rulebook: Rulebook, before: Rulebook) -> list[Violation]:
    """Members, cars and trips belong to a city: it may have no tariffs any more, but must be there."""
    lost = sorted({city.id for city in before.cities} - {city.id for city in rulebook.cities})
    detail = "keep the city; without tariffs, no car there can be taken"
    return [Violation(code="rulebook.city_lost", detail=detail, values={"city_id": city_id}) for city_id in lost]
