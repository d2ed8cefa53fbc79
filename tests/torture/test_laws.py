"""The checker is checked: each law holds of a good history, and finds the one thing that is wrong with a bad one."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.torture import laws
from tests.torture.history import (
    Asked,
    Fact,
    Followed,
    History,
    Loaded,
    Outcome,
    Page,
    Pen,
    Remembered,
    Seen,
    Stored,
    Told,
)
from tests.torture.laws import Law

ONE, TWO = UUID(int=1), UUID(int=2)
"""Commands."""
X, Y = UUID(int=10), UUID(int=11)
"""Counters."""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def asked(command_id: UUID, at: float, *about: UUID, name: str = "torture.count") -> Asked:
    return Asked(client="c", at=at, command_id=command_id, name=name, command="{}", about=frozenset(about or {X}))


def told(command_id: UUID, at: float, position: int | None, outcome: Outcome = "acknowledged") -> Told:
    return Told(client="c", at=at, command_id=command_id, outcome=outcome, position=position, answer="1")


def stored(position: int, aggregate: UUID, version: int, command_id: UUID, topic: str = "counted") -> Stored:
    return Stored(
        position=position,
        aggregate=aggregate,
        version=version,
        topic=topic,
        command_id=command_id,
        recorded_at=NOON + timedelta(seconds=position),
        by=5,
    )


def remembered(command_id: UUID, position: int, answer: str = "1") -> Remembered:
    return Remembered(command_id=command_id, position=position, answer=answer)


def page(after: int, *events: tuple[int, UUID, int]) -> Page:
    return Page(reader="r", after=after, events=tuple(Seen(*event) for event in events))


def loaded(version: int, total: int, own_position: int) -> Loaded:
    return Loaded(client="c", aggregate=X, version=version, total=total, own_position=own_position)


GOOD: tuple[Fact, ...] = (
    asked(ONE, 1.0, X),
    told(ONE, 2.0, 1),
    asked(TWO, 3.0, X, Y),
    told(TWO, 4.0, 4),
    stored(1, X, 1, ONE),
    stored(3, X, 2, TWO),
    stored(4, Y, 1, TWO),
    remembered(ONE, 1),
    remembered(TWO, 4),
    page(0, (1, X, 1)),
    page(1, (3, X, 2), (4, Y, 1)),
    loaded(2, 10, 4),
    Followed(position=1),
    Followed(position=3),
    Followed(position=4),
)
"""Two commands one after the other, the second about two counters; position 2 was lost with a transaction."""


LOST: tuple[Fact, ...] = (asked(UUID(int=3), 5.0), told(UUID(int=3), 6.0, 4), remembered(UUID(int=3), 4))
"""A command that has an effect whenever it is carried out: its event is gone, and another one stands there."""


def without(*facts: Fact) -> list[Fact]:
    assert set(facts) <= set(GOOD)
    return [fact for fact in GOOD if fact not in facts]


def instead(old: Fact, *new: Fact) -> list[Fact]:
    assert old in GOOD
    return [fact for one in GOOD for fact in (new if one is old or one == old else (one,))]


BROKEN: tuple[tuple[Law, str, Iterable[Fact]], ...] = (
    (laws.acknowledged_is_kept, "where its event is not", without(stored(1, X, 1, ONE))),
    (laws.acknowledged_is_kept, "is not remembered", without(remembered(ONE, 1))),
    (laws.acknowledged_is_kept, "where its event is not", [*GOOD, *LOST]),
    (laws.refused_left_nothing, "has events", instead(told(ONE, 2.0, 1), told(ONE, 2.0, None, "refused"))),
    (laws.nothing_stays_unknown, "nobody ever heard", instead(told(ONE, 2.0, 1), told(ONE, 2.0, None, "unknown"))),
    (laws.nothing_stays_unknown, "nobody ever heard", without(told(ONE, 2.0, 1))),
    (laws.versions_have_no_gaps, "version 2 of", without(stored(1, X, 1, ONE))),
    (laws.versions_have_no_gaps, "two events stand at", [*GOOD, stored(4, X, 3, TWO)]),
    (laws.order_is_safe, "missed 3", instead(page(1, (3, X, 2), (4, Y, 1)), page(1, (4, Y, 1)))),
    (laws.readers_see_what_is_stored, "it is gone", [*GOOD, page(4, (5, Y, 2))]),
    (laws.readers_see_what_is_stored, "saw 3 after 4", [*GOOD, page(1, (4, Y, 1), (3, X, 2))]),
    (laws.followers_skip_and_double_nothing, "skipped 3", without(Followed(position=3))),
    (laws.followers_skip_and_double_nothing, "wrote down 4 after 4", [*GOOD, Followed(position=4)]),
    (laws.followers_skip_and_double_nothing, "not in the log", [*GOOD, Followed(position=5)]),
    (laws.one_effect_per_command, "two effects", [*GOOD, stored(5, X, 3, TWO)]),
    (laws.every_repetition_gets_the_first_answer, "remembered", [*GOOD, told(ONE, 5.0, 5)]),
    (laws.all_or_none, "1 of 2 aggregates", without(stored(4, Y, 1, TWO))),
    (laws.own_writes_are_read, "read version 1, not 2", [*GOOD, loaded(1, 5, 4)]),
    (laws.loads_are_replays, "read 9 in version 2", [*GOOD, loaded(2, 9, 4)]),
    (laws.real_time_order, "was asked for after", instead(asked(ONE, 1.0, X), asked(ONE, 4.5, X))),
)


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_good_history_breaks_no_law(law: Callable[[History], Iterable[str]]) -> None:
    assert list(law(History(GOOD))) == []


@pytest.mark.parametrize(("law", "sentence", "history"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_law_says_how_it_is_broken(law: Law, sentence: str, history: Iterable[Fact]) -> None:
    assert any(sentence in found for found in law(History(history)))


def test_every_law_has_a_history_that_breaks_it() -> None:
    assert {law for law, _, _ in BROKEN} >= set(laws.LAWS)


def test_an_attempt_that_was_refused_after_one_without_an_answer_may_have_had_its_effect() -> None:
    history = [*instead(told(ONE, 2.0, 1), told(ONE, 2.5, None, "refused")), asked(ONE, 0.5, X)]
    assert list(laws.refused_left_nothing(History(history))) == []


@pytest.mark.parametrize("name", sorted(laws.SILENT))
def test_a_command_without_events_is_told_the_end_of_the_log(name: str) -> None:
    silent = UUID(int=3)
    history = [*GOOD, asked(silent, 5.0, name=name), told(silent, 6.0, 4), remembered(silent, 4)]
    assert laws.check(History(history)) == {}


@pytest.mark.parametrize("position", [None, 5])
def test_a_command_without_events_is_told_no_place_where_the_log_has_not_been(position: int | None) -> None:
    silent = UUID(int=3)
    name = min(laws.SILENT)
    history = [*GOOD, asked(silent, 5.0, name=name), told(silent, 6.0, position), remembered(silent, 4)]
    assert "where its event is not" in str(laws.check(History(history)))


def test_what_was_written_down_is_read_again(tmp_path: Path) -> None:
    with Pen(tmp_path / "one.jsonl") as pen:
        pen.write(*GOOD)
    assert laws.check(History.of(tmp_path)) == {}
    assert len(History.of(tmp_path).log) == 3


def test_a_line_torn_by_a_kill_was_never_written(tmp_path: Path) -> None:
    with Pen(tmp_path / "one.jsonl") as pen:
        pen.write(*GOOD[:-1], GOOD[0])
    whole = (tmp_path / "one.jsonl").read_bytes()
    (tmp_path / "one.jsonl").write_bytes(whole[:-7])
    with Pen(tmp_path / "one.jsonl") as pen:
        pen.write(GOOD[-1])
    assert laws.check(History.of(tmp_path)) == {}
    assert len(History.of(tmp_path).log) == 3
