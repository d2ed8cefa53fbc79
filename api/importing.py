"""Cars, zones and members from a table: all is checked before anything is changed, and a repetition adds nothing."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO

from pydantic import ValidationError

from api.command_ids import new_id
from api.rest.schemas.base import Body
from api.rest.schemas.fleet import VehicleBody, ZoneBody
from api.rest.schemas.members import Registration
from api.system import System
from api.wording import explained
from domain.fleet.commands import CommissionVehicle, DefineZone
from domain.kernel.errors import DomainError, RefusedError
from domain.kernel.ids import MemberId, VehicleId, ZoneId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.members.commands import RegisterMember

AS_JSON = frozenset({"seats", "full_range_m", "polygons", "address"})
"""Columns that are no texts."""
MOST_TOLD = 20
"""So many faults are told; all are counted."""


@dataclass(frozen=True)
class Kind:
    """What a table may be of."""

    body: type[Body]
    known_by: tuple[str, ...]
    """Two rows with the same values of these columns are of one thing."""
    command: Callable[[str, Mapping[str, object]], Command]
    """From the service and the facts."""


def _vehicle(_service: str, facts: Mapping[str, object]) -> Command:
    return CommissionVehicle.model_validate({"vehicle_id": VehicleId(new_id()), **facts})


def _zone(service: str, facts: Mapping[str, object]) -> Command:
    zone_id = ZoneId(derived_id("fleet.zone", service, facts["city_id"], facts["kind"], facts["name"]))
    return DefineZone.model_validate({"zone_id": zone_id, **facts})


def _member(_service: str, facts: Mapping[str, object]) -> Command:
    return RegisterMember.model_validate({"member_id": MemberId(new_id()), **facts})


KINDS = {
    "vehicles": Kind(VehicleBody, ("vin",), _vehicle),
    "zones": Kind(ZoneBody, ("city_id", "kind", "name"), _zone),
    "members": Kind(Registration, ("email",), _member),
}


@dataclass(frozen=True)
class Row:
    """A line of the table, as a command that is known again when the same line comes again."""

    line: int
    command: Command
    metadata: Metadata


@dataclass(frozen=True)
class Imported:
    """How many lines were new, and how many were there already."""

    new: int
    known: int


class ImportRefusedError(ValueError):
    """A table has faults: each with its line and why. Nothing of it was imported, unless the text says so."""

    def __init__(self, file: str, faults: Iterable[tuple[int, str]]) -> None:
        found = list(faults)
        told = [f"{file}, line {line}: {why}" for line, why in found[:MOST_TOLD]]
        more = [f"and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
        super().__init__("\n".join([*told, *more]))


@dataclass(frozen=True)
class Import:
    """An order to import: for which service, who gave it and why."""

    system: System
    service: str
    by: str
    reason: str

    async def take(self, kind: Kind, file: str, text: str) -> Imported:
        """Check all lines, then carry all out. Raises `ImportRefusedError`."""
        rows = self._rows(kind, file, text)
        faults = [(row.line, why) for row in rows if (why := await self._objection(row)) is not None]
        if faults:
            raise ImportRefusedError(file, faults)
        known = 0
        for number, row in enumerate(rows):
            try:
                known += (await self.system.dispatcher.dispatch(row.command, row.metadata)).repeated
            except DomainError as error:
                why = f"{error}. {number} lines before it are imported: mend this one and import the file again"
                raise ImportRefusedError(file, [(row.line, why)]) from error
        return Imported(len(rows) - known, known)

    async def _objection(self, row: Row) -> str | None:
        try:
            await self.system.dispatcher.try_out(row.command, row.metadata)
        except RefusedError as error:
            return "; ".join(violation.detail for violation in error.violations)
        except DomainError as error:
            return str(error)
        return None

    def _rows(self, kind: Kind, file: str, text: str) -> list[Row]:
        reader = csv.DictReader(StringIO(text), strict=True)
        columns = [name for name in kind.body.model_fields if name != "service"]
        if unknown := [name for name in reader.fieldnames or () if name not in columns]:
            raise ImportRefusedError(file, [(1, f"no column {', '.join(map(str, unknown))}: {', '.join(columns)}")])
        rows, faults, seen = [], [], dict[tuple[object, ...], int]()
        try:
            for given in reader:
                line = reader.line_num
                try:
                    facts = _facts(kind, given)
                except ValueError as error:
                    faults.append((line, str(error)))
                    continue
                first = seen.setdefault(tuple(facts[name] for name in kind.known_by), line)
                if first != line:
                    faults.append((line, f"the same {', '.join(kind.known_by)} as in line {first}"))
                rows.append(self._row(line, kind, facts))
        except csv.Error as error:
            faults.append((reader.reader.line_num, f"no CSV: {error}"))
        if faults:
            raise ImportRefusedError(file, faults)
        return rows

    def _row(self, line: int, kind: Kind, facts: Mapping[str, object]) -> Row:
        command = kind.command(self.service, facts)
        key = json.dumps(facts, sort_keys=True, default=str)
        asker = {"service": self.service, "role": Role.OPERATOR.value, "asker": "import"}
        id = self.system.command_ids.of(**asker, command=command.NAME, key=key)
        actor = Actor(role=Role.OPERATOR, id=self.by)
        metadata = Metadata.of(command, id=id, actor=actor, service=self.service)
        return Row(line, command, metadata.model_copy(update={"reason": self.reason}))


def _facts(kind: Kind, given: Mapping[str | None, str | None]) -> dict[str, object]:
    """What a line says, checked as the API checks it. Raises `ValueError`."""
    if None in given or None in given.values():
        raise ValueError("it has more or fewer values than the first line has names")
    said = {str(name): value for name, value in given.items() if value}
    try:
        values = {name: json.loads(value) if name in AS_JSON else value for name, value in said.items()}
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.doc[:40]} is neither a number nor JSON") from error
    try:
        body = kind.body.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise ValueError("; ".join(f"{'.'.join(map(str, where))}: {why}" for where, why in explained(error))) from error
    return body.model_dump(exclude={"service"})
