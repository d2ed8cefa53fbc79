"""What is declared as being about a person is known as such."""

from pydantic import BaseModel

from domain.contexts import EVENTS
from domain.kernel.personal import Personal, personal_fields
from domain.kernel.units import Position


class Visit(BaseModel):
    visitor: Personal[str]
    at: Personal[Position] = None
    room: str
    remark: str | None = None


class LongVisit(Visit):
    host: Personal[str]


def test_the_fields_about_a_person_are_found_in_a_model_and_in_what_is_made_of_it() -> None:
    assert personal_fields(Visit) == ("visitor", "at")
    assert personal_fields(LongVisit) == ("visitor", "at", "host")


def test_a_value_about_a_person_may_be_gone() -> None:
    visit = Visit(visitor=None, room="4.01")

    assert visit.visitor is None


def test_every_event_with_values_about_a_person_says_whose_they_are() -> None:
    telling = [event for event in EVENTS.values() if personal_fields(event)]

    assert len(telling) > 10
    assert [event.TOPIC for event in telling if event.subject not in event.model_fields] == []
