"""A zone of a city."""

from datetime import datetime
from typing import Self

from domain.fleet.commands import DefineZone
from domain.fleet.zones import Polygons, ZoneKind, closed, crosses_the_antimeridian
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.values import Count
from domain.rulebook.model import Rulebook


class Zone(Aggregate):
    """An area with a meaning: defined -> (redrawn)* -> retired. `zone_version` counts its shapes."""

    TOPIC = "fleet.zone"

    city_id: str
    kind: ZoneKind
    name: str
    polygons: Polygons
    zone_version: int = 1
    retired: bool = False

    class Defined(Created):
        """The zone holds from now on."""

        TOPIC = "fleet.zone.defined"
        service: str
        city_id: str
        kind: ZoneKind
        name: str
        polygons: Polygons

    class Redrawn(Event):
        """The zone has another shape from now on."""

        TOPIC = "fleet.zone.redrawn"
        zone_version: Count
        name: str
        polygons: Polygons

        def apply(self, aggregate: "Zone") -> None:
            aggregate.zone_version, aggregate.polygons = self.zone_version, self.polygons
            aggregate.name, aggregate.retired = self.name, False

    class Retired(Event):
        """The zone does not count any more."""

        TOPIC = "fleet.zone.retired"

        def apply(self, aggregate: "Zone") -> None:
            aggregate.retired = True

    @classmethod
    def define(cls, command: DefineZone, rulebook: Rulebook, at: datetime) -> Self:
        """A new zone. Refused when a ring is not closed, and in a city that the service does not run in."""
        refuse_if([rulebook.unknown_city(command.city_id), _shape_violation(command.polygons)])
        facts = command.model_dump(exclude={"zone_id"})
        return cls.begin(cls.Defined, id=command.zone_id, timestamp=at, service=rulebook.key, **facts)

    def redraw(self, name: str, polygons: Polygons, at: datetime) -> None:
        """Another shape; the same one changes nothing."""
        refuse_if([_shape_violation(polygons)])
        if (name, polygons) != (self.name, self.polygons) or self.retired:
            self.trigger_event(
                self.Redrawn, timestamp=at, zone_version=self.zone_version + 1, name=name, polygons=polygons
            )

    def retire(self, at: datetime) -> None:
        """Stop counting; twice changes nothing."""
        if not self.retired:
            self.trigger_event(self.Retired, timestamp=at)


def _shape_violation(polygons: Polygons) -> Violation | None:
    if not closed(polygons):
        detail = "each ring needs at least four points and must end where it began (RFC 7946)"
        return Violation(code="zone.ring_not_closed", detail=detail)
    if crosses_the_antimeridian(polygons):
        detail = "cut the zone in two at 180 degrees, one polygon on each side (RFC 7946)"
        return Violation(code="zone.crosses_antimeridian", detail=detail)
    return None
