"""The laws that every history must obey. Each yields one sentence for each way in which it is broken."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from uuid import UUID

from tests.torture.history import History, Stored

Law = Callable[[History], Iterator[str]]


SILENT = frozenset(("rental.place_reservation", "rental.cancel_reservation"))
"""The only commands that may have no event: for who keeps the car already, and of a reservation that was given up
already. They are told where the log stood: of a batch, what lies just before its events, be it a gap."""


def acknowledged_is_kept(history: History) -> Iterator[str]:
    """What a client was told has happened stands in the log, where the client was told, and is remembered."""
    at = {stored.position: stored.command_id for stored in history.log}
    may_be_silent = {asked.command_id for asked in history.asked if asked.name in SILENT}
    end = max(at, default=0)
    for told in history.acknowledged:
        if told.command_id not in history.remembered:
            yield f"command {told.command_id} was acknowledged and is not remembered"
        there = at.get(told.position or 0)
        was_silent = told.command_id in may_be_silent - history.effects.keys() and 0 < (told.position or 0) <= end
        if there != told.command_id and not was_silent:
            yield f"command {told.command_id} was acknowledged at {told.position}, where its event is not"


def refused_left_nothing(history: History) -> Iterator[str]:
    """A command that was never anything but refused has no event. One that was unknown before may have one."""
    outcomes: dict[UUID, set[str]] = defaultdict(set)
    for told in history.told:
        outcomes[told.command_id].add(told.outcome)
    interrupted = _asked_more_often_than_told(history)
    for command_id, heard in outcomes.items():
        if heard == {"refused"} and command_id not in interrupted and command_id in history.effects:
            yield f"command {command_id} was refused and has events"


def nothing_stays_unknown(history: History) -> Iterator[str]:
    """In the end, after the faults are healed, every client knows what became of each of its commands."""
    settled = {told.command_id for told in history.told if told.outcome != "unknown"}
    for command_id in {asked.command_id for asked in history.asked} - settled:
        yield f"nobody ever heard what became of command {command_id}"


def versions_have_no_gaps(history: History) -> Iterator[str]:
    """Positions are given once; each aggregate has the versions 1, 2, 3 ... at ascending positions."""
    for one, two in pairwise(history.log):
        if one.position == two.position:
            yield f"two events stand at position {one.position}"
    versions: dict[UUID, int] = defaultdict(int)
    for stored in history.log:
        if stored.version != versions[stored.aggregate] + 1:
            yield f"version {stored.version} of {stored.aggregate} follows version {versions[stored.aggregate]}"
        versions[stored.aggregate] = stored.version


def order_is_safe(history: History) -> Iterator[str]:
    """A reader that has seen position N has seen all that will ever stand between where it began to read and N."""
    positions = [stored.position for stored in history.log]
    for page in history.pages:
        if page.events:
            seen = {event.position for event in page.events}
            due = positions[bisect_right(positions, page.after) : bisect_right(positions, page.events[-1].position)]
            for missed in (position for position in due if position not in seen):
                yield f"{page.reader} read from {page.after} to {page.events[-1].position} and missed {missed}"


def readers_see_what_is_stored(history: History) -> Iterator[str]:
    """What a reader saw is there for good, where it saw it; and it saw it in order."""
    stored = {(s.position, s.aggregate, s.version) for s in history.log}
    for page in history.pages:
        for event in (event for event in page.events if tuple(event) not in stored):
            yield f"{page.reader} saw version {event.version} of {event.aggregate} at {event.position}: it is gone"
        for one, two in pairwise([page.after, *(event.position for event in page.events)]):
            if one >= two:
                yield f"{page.reader} saw {two} after {one}"


def followers_skip_and_double_nothing(history: History) -> Iterator[str]:
    """A follower writes down each event once, in the order of the log."""
    due = [stored.position for stored in history.log]
    for one, two in pairwise(history.followed):
        if one >= two:
            yield f"the follower wrote down {two} after {one}"
    for skipped in sorted(set(due) - set(history.followed)):
        yield f"the follower skipped {skipped}"
    for invented in sorted(set(history.followed) - set(due)):
        yield f"the follower wrote down {invented}, which is not in the log"


def one_effect_per_command(history: History) -> Iterator[str]:
    """However often a command is sent, what it does to an aggregate is done once."""
    for command_id, events in history.effects.items():
        done = [(event.aggregate, event.topic) for event in events]
        if len(done) != len(set(done)):
            yield f"command {command_id} has two effects: {_places(events)}"


def every_repetition_gets_the_first_answer(history: History) -> Iterator[str]:
    """All that was ever told about a command is the same, and what the store remembers."""
    for told in history.acknowledged:
        known = history.remembered.get(told.command_id)
        if known is not None and (told.position, told.answer) != (known.position, known.answer):
            yield f"command {told.command_id}: told {told.position} {told.answer}, remembered {known}"


def all_or_none(history: History) -> Iterator[str]:
    """A command changes all aggregates that it is about, or none."""
    for command_id, about in {asked.command_id: asked.about for asked in history.asked}.items():
        changed = {event.aggregate for event in history.effects.get(command_id, ())}
        if changed and changed != about:
            yield f"command {command_id} changed {len(changed)} of {len(about)} aggregates"


def own_writes_are_read(history: History) -> Iterator[str]:
    """Who was told a position and loads then, sees at least what stands up to there."""
    places: dict[UUID, list[int]] = defaultdict(list)
    for stored in history.log:
        places[stored.aggregate].append(stored.position)
    for loaded in history.loaded:
        due = bisect_right(places[loaded.aggregate], loaded.own_position)
        if loaded.version < due:
            yield f"{loaded.client} wrote at {loaded.own_position} and read version {loaded.version}, not {due}"


def loads_are_replays(history: History) -> Iterator[str]:
    """A loaded counter shows exactly what its history says up to its version."""
    totals: dict[tuple[UUID, int], int] = defaultdict(int)
    for stored in history.log:
        totals[stored.aggregate, stored.version] = totals[stored.aggregate, stored.version - 1] + (stored.by or 0)
    for loaded in history.loaded:
        due = totals.get((loaded.aggregate, loaded.version))
        if loaded.total != due:
            yield f"{loaded.client} read {loaded.total} in version {loaded.version} of {loaded.aggregate}, not {due}"


def real_time_order(history: History) -> Iterator[str]:
    """An append that was acknowledged before another one was asked for has the lower position."""
    asked: dict[UUID, float] = {}
    for ask in history.asked:
        asked[ask.command_id] = min(ask.at, asked.get(ask.command_id, ask.at))
    told = sorted((t.at, t.position or 0, t.command_id) for t in history.acknowledged)
    times = [at for at, _, _ in told]
    highest: list[tuple[int, UUID]] = []
    for _, position, command_id in told:
        highest.append(max((position, command_id), highest[-1]) if highest else (position, command_id))
    for command_id, events in history.effects.items():
        before = bisect_left(times, asked.get(command_id, 0.0))
        if before and highest[before - 1][0] >= events[0].position:
            earlier = highest[before - 1]
            yield f"{command_id} at {events[0].position} was asked for after {earlier[1]} was told {earlier[0]}"


LAWS: tuple[Law, ...] = (
    acknowledged_is_kept,
    refused_left_nothing,
    nothing_stays_unknown,
    versions_have_no_gaps,
    order_is_safe,
    readers_see_what_is_stored,
    followers_skip_and_double_nothing,
    one_effect_per_command,
    every_repetition_gets_the_first_answer,
    all_or_none,
    own_writes_are_read,
    loads_are_replays,
    real_time_order,
)


def check(history: History) -> dict[str, list[str]]:
    """The laws that are broken, each with the sentences that say how."""
    found = {law.__name__: list(law(history)) for law in LAWS}
    return {name: sentences for name, sentences in found.items() if sentences}


def _asked_more_often_than_told(history: History) -> set[UUID]:
    """Commands of which at least one attempt died without an answer."""
    open_attempts: dict[UUID, int] = defaultdict(int)
    for asked in history.asked:
        open_attempts[asked.command_id] += 1
    for told in history.told:
        open_attempts[told.command_id] -= 1
    return {command_id for command_id, attempts in open_attempts.items() if attempts}


def _places(events: list[Stored]) -> str:
    return ", ".join(f"{event.topic} at {event.position}" for event in events)
