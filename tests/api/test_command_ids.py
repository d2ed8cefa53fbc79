"""Ids of requests and of new things."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.command_ids import CommandIds, NewIds
from domain.kernel.ids import CommandId

PARTS = st.tuples(st.text(), st.text(), st.text(), st.text(), st.text())


def of(ids: CommandIds, parts: tuple[str, str, str, str, str]) -> CommandId:
    service, role, asker, command, key = parts
    return ids.of(service=service, role=role, asker=asker, command=command, key=key)


@given(one=PARTS, other=PARTS)
def test_two_requests_have_the_same_id_only_when_all_their_parts_are_the_same(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    ids = CommandIds(b"secret")

    assert (of(ids, one) == of(ids, other)) == (one == other)


def test_whoever_has_not_the_secret_cannot_tell_a_commands_id() -> None:
    parts = ("drivenow-europe", "member", "ada", "rental.start_trip", "my-1")

    assert of(CommandIds(b"ours"), parts) != of(CommandIds(b"theirs"), parts)
    assert of(CommandIds(b"ours"), parts).version == 8


def test_a_key_that_tells_its_time_gives_an_id_of_that_time_and_any_retry_the_same() -> None:
    ids, key = CommandIds(b"secret"), NewIds()()

    made, again, others = [
        of(ids, ("drivenow-europe", "member", asker, "rental.start_trip", str(key))) for asker in ("ada", "ada", "eve")
    ]

    assert made == again != others
    assert {one.version for one in (made, others)} == {7}
    assert {one.int >> 80 for one in (made, others)} == {key.int >> 80}


def test_new_ids_ascend_and_tell_when_they_were_made_and_nothing_else() -> None:
    new_id, before = NewIds(), datetime.now(UTC)

    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
    at = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert abs(at - before) < timedelta(seconds=1)
    assert len({one.int & (1 << 62) - 1 for one in made}) == len(made)
