"""What can go wrong between the log and its readers."""

from uuid import UUID


class UnreadableEventError(Exception):
    """A stored event does not fit its class: damaged, or its class changed without a new version and an upcast."""

    def __init__(self, topic: str, originator_id: UUID, version: int, why: str) -> None:
        super().__init__(f"event {version} of aggregate {originator_id} ({topic}) cannot be read: {why}")
        self.topic = topic
        self.originator_id = originator_id
        self.version = version


class FollowerStoppedError(Exception):
    """A follower met an event that it cannot deal with; an operator must retry or skip it."""

    def __init__(self, name: str, position: int, error: str) -> None:
        super().__init__(f"{name} stopped at position {position}: {error}")
        self.name = name
        self.position = position
        self.error = error


class GenerationError(Exception):
    """What was asked cannot be done with the generations that a projection has."""

    def __init__(self, projection: str, why: str) -> None:
        super().__init__(f"{projection} {why}")
        self.projection = projection
