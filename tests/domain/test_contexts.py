"""Permanent names are unique, and what follows events can be carried out."""

from domain.contexts import AGGREGATES, COMMANDS, EVENTS, HANDLERS, POLICIES
from domain.kernel.aggregate import event_classes


def test_no_two_events_share_a_topic() -> None:
    assert len(EVENTS) == sum(len(event_classes(aggregate)) for aggregate in AGGREGATES.values())


def test_no_two_commands_share_a_name() -> None:
    assert len(COMMANDS) == len(HANDLERS)


def test_every_event_is_named_after_its_aggregate() -> None:
    for topic, aggregate in AGGREGATES.items():
        assert all(event.TOPIC.startswith(f"{topic}.") for event in event_classes(aggregate))


def test_policies_follow_known_events_only() -> None:
    assert set(POLICIES) <= set(EVENTS.values())
