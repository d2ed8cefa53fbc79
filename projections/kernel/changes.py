"""What an event does to the rows of a read model, said without SQL: values that a batch folds together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

Key = tuple[Any, ...]
Values = Mapping[str, Any]

_NOTHING: Values = MappingProxyType({})


class Insert(NamedTuple):
    """A new row; one that is there already stays as it is."""

    table: "Table"
    key: Key
    set: Values


class Update(NamedTuple):
    """New values for a row, and amounts to add to it; a row that is not there is passed over."""

    table: "Table"
    key: Key
    set: Values
    add: Values


class Upsert(NamedTuple):
    """The same, where a row that is not there is made of these values."""

    table: "Table"
    key: Key
    set: Values
    add: Values


class Given(NamedTuple):
    """Changes that depend on a row as it then stands; none when there is no such row."""

    table: "Table"
    key: Key
    then: Callable[[Values], "Changes"]


RowChange = Insert | Update | Upsert | Given
Changes = Iterable[RowChange]


class Table(NamedTuple):
    """A table of a read model; its columns stand in the projector's SQL. A key of one column is given as it is."""

    name: str
    key: tuple[str, ...]

    def insert(self, **values: Any) -> Insert:
        """A new row. Columns left out get the table's default."""
        return Insert(self, tuple([values[column] for column in self.key]), values)

    def update(self, key: Any, add: Values = _NOTHING, /, **values: Any) -> Update:
        """New values, and amounts to `add`, for a row that is there."""
        return Update(self, _key(key), values, add)

    def upsert(self, key: Any, add: Values = _NOTHING, /, **values: Any) -> Upsert:
        """New values, and amounts to `add`, for a row that is there or not."""
        return Upsert(self, _key(key), values, add)

    def given(self, key: Any, then: Callable[[Values], Changes]) -> Given:
        """What `then` makes of a row that is there."""
        return Given(self, _key(key), then)


@dataclass(slots=True)
class PendingRow:
    """All that a batch does to one row. An inserted row has its later changes in it, and beside it in `later`."""

    kind: type[Insert | Update | Upsert]
    set: dict[str, Any]
    add: dict[str, Any]
    later: list[Update] = field(default_factory=list)


class Batch:
    """Folds changes, so that each row is written once whatever happened to it."""

    def __init__(self) -> None:
        self._rows: dict[Table, dict[Key, PendingRow]] = {}

    def fold(self, change: Insert | Update | Upsert) -> bool:
        """Take a change in; false when what is pending must be written first."""
        rows = self._rows.setdefault(change.table, {})
        pending = rows.get(change.key)
        if pending is None:
            rows[change.key] = _first(change)
            return True
        if isinstance(change, Insert):
            return pending.kind is not Update
        if pending.kind is Update and isinstance(change, Upsert):
            return False
        return _merge(pending, change)

    def standing(self, table: Table, key: Key, stored: Values | None, defaults: Values) -> Values | None:
        """A row as it will stand once what is pending is written; `defaults` has the columns that are not computed."""
        pending = self._rows.get(table, {}).get(key)
        if pending is None:
            return stored
        if stored is None:
            return None if pending.kind is Update else {**defaults, **pending.set, **pending.add}
        row = {column: value for column, value in stored.items() if column in defaults}
        for change in pending.later if pending.kind is Insert else [pending]:
            row.update(change.set)
            for column, amount in change.add.items():
                row[column] = None if row[column] is None else row[column] + amount
        return row

    def taken(self) -> Iterator[tuple[Table, dict[Key, PendingRow]]]:
        """All that is pending, table by table; the batch is empty afterwards."""
        rows, self._rows = self._rows, {}
        yield from rows.items()


def _first(change: Insert | Update | Upsert) -> PendingRow:
    if isinstance(change, Insert):
        return PendingRow(Insert, dict(change.set), {})
    return PendingRow(type(change), dict(change.set), dict(change.add))


def _merge(pending: PendingRow, change: Update | Upsert) -> bool:
    if pending.kind is not Update and not change.add.keys() <= pending.set.keys() | pending.add.keys():
        return False  # a new row has the table's default there, which is not known here
    if pending.kind is Insert:
        pending.later.append(Update(*change))
    for column, value in change.set.items():
        pending.set[column] = value
        pending.add.pop(column, None)
    for column, amount in change.add.items():
        into = pending.set if column in pending.set else pending.add
        into[column] = into.get(column, 0) + amount
    return True


def _key(key: Any) -> Key:
    return key if isinstance(key, tuple) else (key,)
