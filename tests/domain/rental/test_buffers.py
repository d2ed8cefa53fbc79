"""Real rentals, replayed: which of them our calendar takes with which buffer."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.kernel.calendar import Calendar, Entry, Period
from domain.kernel.ids import derived_id
from tests.domain.rental.buffers_page import HOUR, MINUTE, NOON, PAGE, Pair, counts, is_noticed, page, pairs

BY_OTHERS = {30: (279, 116), 60: (401, 146), 90: (584, 172), 120: (666, 180), 180: (870, 196), 240: (1001, 202)}
"""Refused and prevented by a buffer of so many minutes, as counted on the raw file."""


def test_the_chains_and_conflicts_of_the_data_are_found() -> None:
    rentals = pairs()

    assert len(rentals) == 1841
    assert sum(pair.delay is not None for pair in rentals) == 1729
    assert sum(pair.is_conflict for pair in rentals) == 218


def test_each_buffer_refuses_and_prevents_what_others_counted() -> None:
    found = {count.buffer_min: (count.refused, count.prevented) for count in counts(pairs())}

    assert {buffer: found[buffer] for buffer in BY_OTHERS} == BY_OTHERS


def test_every_conflict_is_seen_before_the_next_begins() -> None:
    assert all(is_noticed(pair, timedelta(0)) for pair in pairs() if pair.is_conflict)


def chains() -> Iterator[list[Pair]]:
    """Each rental with what followed it, one after another; several may follow one, if all but one were cancelled."""
    rentals = pairs()
    follows: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in rentals:
        follows[pair.previous_id].append(pair)
    known = {pair.rental_id for pair in rentals}
    open_ = [[pair] for pair in rentals if pair.previous_id not in known]
    while open_:
        chain = open_.pop()
        longer = [[*chain, pair] for pair in follows[chain[-1].rental_id]]
        open_ += longer
        if not longer:
            yield chain


def test_without_a_buffer_a_calendar_takes_every_chain_as_it_was_planned() -> None:
    taken = set()
    for chain in chains():
        calendar, ends = Calendar(), NOON
        for pair in chain:
            begins = ends + pair.gap
            ends = begins + HOUR
            wanted = Entry(id=derived_id("rental", pair.rental_id), period=Period(begins=begins, ends=ends))
            assert calendar.in_the_way(wanted) == []
            calendar = calendar.with_entry(wanted)
            taken.add(pair.rental_id)
    assert len(taken) == 1841


@pytest.mark.parametrize("minutes", [1, 15])
def test_who_follows_at_once_is_refused_by_any_buffer(minutes: int) -> None:
    at_once = [pair for pair in pairs() if pair.gap < minutes * MINUTE]

    assert len(at_once) >= 279


def test_the_page_says_what_is_counted() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
