"""What is stored beside events stays readable, and nothing that was recorded is lost: neither file nor shape."""

import asyncio
from collections.abc import Mapping

import pytest
from pydantic import BaseModel

from tests.golden import beside, ledger, stories

LISTED = {"events/a.json 1", "schemas/a.json -"}


@pytest.fixture(scope="module")
def stored() -> Mapping[str, BaseModel]:
    """One value of each kind that the stories lead to."""
    return beside.stored(asyncio.run(stories.events()))


@pytest.mark.parametrize("name", sorted(beside.names()))
def test_every_shape_that_was_stored_is_read_into_the_present_class(name: str) -> None:
    sample = beside.load(name)["stored"]

    read = beside.read(name, sample)

    assert read.model_dump(mode="json", exclude_unset=True) == sample


def test_metadata_and_tasks_are_stored_in_a_shape_that_is_recorded(stored: Mapping[str, BaseModel]) -> None:
    found = [why for kind, value in stored.items() if (why := beside.complaint(kind, value))]

    assert not found, "\n".join(found)


def test_what_is_stored_now_is_read_as_it_was_written(stored: Mapping[str, BaseModel]) -> None:
    for kind, value in stored.items():
        assert beside.read(f"{kind}.v1", value.model_dump(mode="json")) == value


def test_nothing_that_was_recorded_is_lost_or_changed() -> None:
    found = ledger.complaints(ledger.listed(), ledger.present())

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("present", "complaint"),
    [
        ({"events/a.json": "1", "schemas/a.json": "-"}, None),
        ({"events/a.json": "1"}, ledger.GONE.format(line="schemas/a.json")),
        ({"events/a.json": "2", "schemas/a.json": "-"}, ledger.CHANGED.format(line="events/a.json")),
        (
            {"events/a.json": "1", "schemas/a.json": "-", "beside/b.json": "3"},
            ledger.UNLISTED.format(line="beside/b.json"),
        ),
    ],
)
def test_a_file_that_is_gone_changed_or_unlisted_is_found(present: dict[str, str], complaint: str | None) -> None:
    assert ledger.complaints(LISTED, present) == ([complaint] if complaint else [])


def test_a_field_of_another_name_is_found() -> None:
    class Renamed(BaseModel):
        command_uuid: str = ""

    assert "/properties/command_id" in beside.complaint("metadata", Renamed())
