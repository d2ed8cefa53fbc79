"""What has been mended for cars that misbehave, each with what takes it out again: the fuzzer must find that."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from adapters.mqtt import findings, payloads, places, signals, twin
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.clock import CarClock
from adapters.mqtt.memory import LastTold
from adapters.mqtt.payloads import BadPayloadError
from adapters.mqtt.signals import NotBelievableError
from adapters.mqtt.twin import Newest, Twin
from adapters.mqtt.zone_watch import ZoneWatch
from domain.fleet.news import news
from domain.fleet.state import Observation, VehicleReadings
from domain.fleet.vehicle import Vehicle
from tests.fuzz.twins import Act

Take = Callable[[pytest.MonkeyPatch], None]


class Mending(NamedTuple):
    """What is taken out, and a car that shows that it is gone."""

    take_out: Take
    faults: tuple[str, ...]
    doing: tuple[Act, ...]


def _the_count_tells_what_is_newer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CarClock, "_was_set_back", lambda *_: False)
    patch.setattr(CarClock, "_is_overtaken", lambda self, _, at: self.newest_at is not None and at < self.newest_at)


def _a_clock_is_corrected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CarClock, "_correct", lambda *_: None)


def _a_repetition_is_recognised(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CarClock, "_remember", lambda *_: None)
    patch.setattr(CarClock, "_is_overtaken", lambda *_: False)


def _what_was_overtaken_changes_nothing_newer(patch: pytest.MonkeyPatch) -> None:
    take = Newest.take
    patch.setattr(Newest, "take", lambda self, told, moment: take(self, told, moment._replace(is_overtaken=False)))
    patch.setattr(VehicleReadings, "is_newer", lambda *_: True)
    patch.setattr(VehicleReadings, "is_changed_by", _differs)


def _differs(known: VehicleReadings, name: str, seen: Observation) -> bool:
    return getattr(seen, name) not in (None, known.value(name))


def _no_fix_is_no_place(patch: pytest.MonkeyPatch) -> None:
    told_by = signals.told_by

    def believing(*said: Any) -> Any:
        told = told_by(*said)
        place = {"latitude": told.singles["latitude"] or 1.0} if "latitude" in told.singles else {}
        return told._replace(singles={**told.singles, **place, "has_fix": True})

    patch.setattr(findings, "told_by", believing)


def _a_place_that_is_not_sure_is_none(patch: pytest.MonkeyPatch) -> None:
    follow = places.follow
    patch.setattr(twin, "follow", lambda track, sample, limits: follow(track, sample._replace(accuracy_m=None), limits))


def _parts_are_joined_over_messages(patch: pytest.MonkeyPatch) -> None:
    read = Twin._read_parts

    def forgetful(self: Twin, *heard: Any) -> None:
        self.parts.clear()
        read(self, *heard)

    patch.setattr(Twin, "_read_parts", forgetful)


def _what_is_no_signal_spoils_itself_alone(patch: pytest.MonkeyPatch) -> None:
    def strict(said: dict[str, Any]) -> Any:
        del said
        raise BadPayloadError("a signal is wrong")

    patch.setattr(payloads, "_good", strict)


def _a_value_that_cannot_be_true_spoils_itself_alone(patch: pytest.MonkeyPatch) -> None:
    told_by = signals.told_by

    def strict(*said: Any) -> Any:
        told = told_by(*said)
        if told.left_out:
            raise NotBelievableError
        return told

    patch.setattr(findings, "told_by", strict)


def _who_speaks_is_online(patch: pytest.MonkeyPatch) -> None:
    def outdated(self: LastTold, seen: Any, limits: Any) -> bool:
        return self.readings is None or any(news(self.readings, seen, limits))

    patch.setattr(LastTold, "is_outdated_by", outdated)
    note = Vehicle.note_contact
    patch.setattr(
        Vehicle, "note_contact", lambda self, at, *, online: None if online else note(self, at, online=online)
    )


def _an_empty_status_says_nothing(patch: pytest.MonkeyPatch) -> None:
    take = BatchWriter._take_status

    def strict(self: BatchWriter, car: Any, message: Any) -> Any:
        payloads.parse_status(message.payload)
        return take(self, car, message)

    patch.setattr(BatchWriter, "_take_status", strict)


def _zones_are_watched_with_patience(patch: pytest.MonkeyPatch) -> None:
    def hasty(self: ZoneWatch, found: Any, _latitude: Any, _longitude: Any, at: Any, _accuracy: Any) -> Any:
        self.inside, self.at = tuple(sorted(map(str, found))), at
        return self.zones

    patch.setattr(ZoneWatch, "look", hasty)


_ROUND: tuple[Act, ...] = (
    ("unlock", 0), ("open", 0), ("close", 0), ("drive", 6), ("stand", 4), ("drive", 3), ("open", 0), ("close", 0),
    ("lock", 0), ("stand", 12),
)  # fmt: skip

_OVERTAKEN: tuple[Act, ...] = (("stand", 0), ("stand", 0), ("unlock", 0), ("stand", 3))
_SHORTLY: tuple[Act, ...] = (("stand", 0), ("stand", 0), ("open", 0), ("close", 0), ("stand", 9))
_AT_THE_EDGE: tuple[Act, ...] = (("stand", 12),) * 3

MENDINGS: Mapping[str, Mending] = {
    take_out.__name__.strip("_").replace("_", " "): Mending(take_out, faults, doing)
    for take_out, faults, doing in (
        (_the_count_tells_what_is_newer, ("clock-set-back",), _SHORTLY),
        (_a_clock_is_corrected, ("weeks-rolled-over",), _ROUND),
        (_a_repetition_is_recognised, ("clock-ahead", "sent-again"), _ROUND),
        (_what_was_overtaken_changes_nothing_newer, ("out-of-order",), _OVERTAKEN),
        (_no_fix_is_no_place, ("no-fix",), _ROUND),
        (_a_place_that_is_not_sure_is_none, ("inaccurate-fix",), _ROUND),
        (_parts_are_joined_over_messages, ("signals-one-by-one",), _ROUND),
        (_what_is_no_signal_spoils_itself_alone, ("dtc-list-null",), _ROUND),
        (_a_value_that_cannot_be_true_spoils_itself_alone, ("odometer-too-large",), _ROUND),
        (_who_speaks_is_online, ("late-last-will",), _ROUND),
        (_an_empty_status_says_nothing, ("status-cleared",), _ROUND),
        (_zones_are_watched_with_patience, ("wavering-fix",), _AT_THE_EDGE),
    )
}
