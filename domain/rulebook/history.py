"""All rules that were ever published: which of them hold when, and every tariff that somebody may have been quoted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.kernel.messages import RecordedEvent
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.loading import text
from domain.rulebook.model import Rulebook
from domain.rulebook.published import PublishedRulebook
from domain.rulebook.tariff import Tariff


@dataclass(frozen=True)
class RulebookVersion:
    """The rules of a service, and from when they hold."""

    version: int
    rulebook: Rulebook
    valid_from: datetime


class Rulebooks(Protocol):
    """The rules as this process knows them."""

    @property
    def newest_publication(self) -> int:
        """Position of the newest publication that is known; 0 before the first."""
        ...

    def in_force(self, service: str, at: datetime) -> RulebookVersion | None:
        """The newest version that holds at a time; none for a service that has none."""
        ...

    def tariff(self, service: str, digest: str) -> Tariff:
        """A tariff of any version. Raises `LookupError`."""
        ...

    def legal_entity(self, service: str, id: str) -> LegalEntity:
        """As the newest version that has it says: what was sold is invoiced after a city has changed hands, too.

        Raises `LookupError`.
        """
        ...

    async def refresh(self) -> None:
        """Take up what was published since."""
        ...


class RulebookHistory:
    """Folds publications, in the order of the log."""

    def __init__(self) -> None:
        self.newest_publication = 0
        self._versions: dict[str, list[RulebookVersion]] = {}
        self._tariffs: dict[tuple[str, str], Tariff] = {}
        self._legal_entities: dict[tuple[str, str], LegalEntity] = {}

    @property
    def services(self) -> frozenset[str]:
        """Those that have rules, whether these hold already or not."""
        return frozenset(self._versions)

    @property
    def legal_entities(self) -> dict[str, LegalEntity]:
        """All who ever sold, by id, as the newest version that has them says."""
        return {id: entity for (_, id), entity in self._legal_entities.items()}

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event; any but a publication is passed over."""
        if isinstance(recorded.event, PublishedRulebook.Published):
            event = recorded.event
            self.add(RulebookVersion(event.version, text(event.files), event.valid_from))
            self.newest_publication = recorded.position

    def add(self, version: RulebookVersion) -> None:
        """Take in the next version of its service."""
        service = version.rulebook.key
        self._versions.setdefault(service, []).append(version)
        tariffs = (tariff for city in version.rulebook.cities for tariff in city.tariffs)
        self._tariffs |= {(service, tariff.digest): tariff for tariff in tariffs}
        entities = (entity for city in version.rulebook.cities for entity in city.sellers)
        self._legal_entities |= {(service, entity.id): entity for entity in entities}

    def newest(self, service: str) -> RulebookVersion | None:
        """The newest version, whether it holds already or not; none for a service that has none."""
        return next(reversed(self._versions.get(service, ())), None)

    def in_force(self, service: str, at: datetime) -> RulebookVersion | None:
        """The newest version that holds at a time."""
        held = (version for version in reversed(self._versions.get(service, ())) if version.valid_from <= at)
        return next(held, None)

    def tariff(self, service: str, digest: str) -> Tariff:
        """A tariff of any version. Raises `LookupError`."""
        return self._tariffs[service, digest]

    def legal_entity(self, service: str, id: str) -> LegalEntity:
        """As the newest version that has it says. Raises `LookupError`."""
        return self._legal_entities[service, id]
