"""Codes to an address are few, and so are tries."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.identity.limits import FREE_TRIES, HOUR, LONGEST_WAIT, WAITS, Limits, wait_after
from adapters.postgres.identity.secret import ALPHABET, LoginSecret, as_typed

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)
PAUSES = st.lists(st.timedeltas(timedelta(), timedelta(hours=2)), max_size=60)


@given(PAUSES)
def test_whoever_asks_whenever_gets_no_more_codes_in_any_hour_than_there_are_waits(pauses: list[timedelta]) -> None:
    given_at: list[datetime] = []
    at = NOW
    for pause in pauses:
        at += pause
        if not Limits(asked=given_at[-len(WAITS) :]).wait_to_ask(at):
            given_at.append(at)

    assert all(later - earlier >= HOUR for earlier, later in zip(given_at, given_at[len(WAITS) :], strict=False))


@given(PAUSES)
def test_whoever_waits_as_long_as_told_gets_a_code(pauses: list[timedelta]) -> None:
    asked = [NOW + sum(pauses[:number], timedelta()) for number in range(len(pauses))][-len(WAITS) :]
    at = asked[-1] if asked else NOW

    wait = Limits(asked=asked).wait_to_ask(at)

    assert not Limits(asked=asked).wait_to_ask(at + wait)


def test_each_wait_for_a_try_is_twice_as_long_up_to_the_longest() -> None:
    waits = [wait_after(wrong) for wrong in range(FREE_TRIES + 12)]

    assert set(waits[:FREE_TRIES]) == {timedelta()}
    pairs = zip(waits[FREE_TRIES:], waits[FREE_TRIES + 1 :], strict=False)
    assert all(later == min(LONGEST_WAIT, 2 * wait) for wait, later in pairs)


@given(st.uuids(), st.uuids())
def test_a_code_is_read_as_people_type_it(id: UUID, other: UUID) -> None:
    secret = LoginSecret(b"key")
    code = secret.code(id)

    assert as_typed(f" {code[:4].lower()}-{code[4:]}\n") == code
    assert set(code) <= set(ALPHABET)
    assert (secret.code(other) == code) is (id == other)
    assert LoginSecret(b"another").code(id) != code
