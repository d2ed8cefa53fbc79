"""Rules that are published: what holds when, what is refused, and what a published price never touches."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.rulebooks import shipped_texts
from domain.contexts import HANDLERS
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.errors import RefusedError, UnknownServiceError
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.publishing.commands import PublishRulebook
from domain.rulebook.history import RulebookHistory
from domain.rulebook.published import PublishedRulebook
from domain.unit_of_work import UnitOfWork
from tests.support.memory_store import MemoryStore
from tests.support.rules import changed
from tests.support.world import codes

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
EUROPE = shipped_texts()["drivenow-europe"]


def dearer(files: Mapping[str, str] = EUROPE) -> dict[str, str]:
    """The same service, whose smaller cars cost a cent more in Berlin."""
    return {**files, "berlin.toml": files["berlin.toml"].replace("rate = 0.31 }", "rate = 0.32 }")}


def without_vienna() -> dict[str, str]:
    return {name: text for name, text in EUROPE.items() if name != "vienna.toml"}


class Note(Aggregate):
    """Something that is decided under rules."""

    TOPIC = "test.note"

    minimum_age: int

    class Written(Created):
        TOPIC = "test.note.written"

        minimum_age: int


class Write(Command):
    NAME = "test.write"


class Rules(RulebookHistory):
    """Follows the log in memory, when it is told to."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self._store = store
        self.refreshed = 0

    async def refresh(self) -> None:
        self.refreshed += 1
        for recorded in self._store.log[self.newest_publication :]:
            self.observe(recorded)


class Office:
    """A store, a clock that stands, and whoever publishes."""

    def __init__(self) -> None:
        self.at = NOON
        self.store = MemoryStore()
        self.rules = Rules(self.store)

    def now(self) -> datetime:
        return self.at

    async def publish(
        self, files: Mapping[str, str] = EUROPE, valid_from: datetime | None = None, service: str = "drivenow-europe"
    ) -> CommandResult:
        command = PublishRulebook(files=dict(files), valid_from=valid_from, reason="prices of March")
        result = await self.do(command, self.rules, service)
        await self.rules.refresh()
        return result

    async def do(self, command: Command, rules: Rules, service: str = "drivenow-europe") -> CommandResult:
        metadata = Metadata.of(command, id=uuid4(), actor=Actor(role=Role.OPERATOR, id="olga"), service=service)
        return await Dispatcher(self.store, self, rules, {**HANDLERS, Write: write}).dispatch(command, metadata)


async def write(_command: Write, work: UnitOfWork) -> None:
    age = work.rulebook.eligibility.minimum_age
    work.add(Note.begin(Note.Written, id=uuid4(), timestamp=work.now, minimum_age=age))


async def test_what_is_published_holds_at_once_and_is_on_record_with_its_text_who_and_why() -> None:
    office = Office()

    first, second = await office.publish(), await office.publish(dearer())

    events = [r.event for r in office.store.log if isinstance(r.event, PublishedRulebook.Published)]
    assert (first.value, second.value) == ("1", "2")
    assert [(e.version, e.files, e.published_by, e.reason) for e in events] == [
        (1, dict(EUROPE), "olga", "prices of March"),
        (2, dearer(), "olga", "prices of March"),
    ]
    version = office.rules.in_force("drivenow-europe", NOON)
    assert version is not None
    assert version.rulebook.digest == events[1].digest != events[0].digest


async def test_each_event_names_the_version_that_it_was_decided_under_and_the_first_publication_none() -> None:
    office = Office()
    await office.publish()
    await office.do(Write(), office.rules)
    await office.publish(dearer())
    await office.do(Write(), office.rules)

    versions = [(r.topic.rpartition(".")[2], r.metadata.rulebook_version) for r in office.store.log]

    assert versions == [("opened", None), ("published", None), ("written", 1), ("published", 1), ("written", 2)]


async def test_rules_for_later_hold_from_then_on() -> None:
    office = Office()
    await office.publish()
    await office.publish(dearer(), valid_from=NOON + timedelta(days=1))

    held = [office.rules.in_force("drivenow-europe", at) for at in (NOON, NOON + timedelta(days=1))]

    assert [version and version.version for version in held] == [1, 2]


async def test_publishing_the_same_again_makes_no_version() -> None:
    office = Office()
    await office.publish()
    written_otherwise = {**EUROPE, "service.toml": f"# again\n{EUROPE['service.toml']}"}

    again = await office.publish(written_otherwise)

    assert again.value == "1"
    assert len(office.store.log) == 2


@pytest.mark.parametrize(
    ("files", "valid_from", "service", "code"),
    [
        (EUROPE, None, "another", "rulebook.other_service"),
        (dearer(), NOON - timedelta(seconds=1), "drivenow-europe", "rulebook.valid_too_early"),
        (without_vienna(), None, "drivenow-europe", "rulebook.city_lost"),
        ({**EUROPE, "berlin.toml": "name = "}, None, "drivenow-europe", "rulebook.faulty"),
    ],
    ids=["of another service", "for the past", "without a city", "no TOML"],
)
async def test_rules_that_cannot_hold_are_refused_and_nothing_is_published(
    files: Mapping[str, str], valid_from: datetime | None, service: str, code: str
) -> None:
    office = Office()
    await office.publish()

    with pytest.raises(RefusedError) as refused:
        await office.publish(files, valid_from, service)

    assert codes(refused) == {code}
    assert len(office.store.log) == 2


async def test_every_fault_of_a_text_is_told_with_its_file_and_line() -> None:
    office = Office()
    faulty = changed(EUROPE["service.toml"], "reservation", "free", '"PT9H"')

    with pytest.raises(RefusedError) as refused:
        await office.publish({**EUROPE, "service.toml": faulty, "vienna.toml": "timezone = 1"})

    files = [violation.values["file"] for violation in refused.value.violations]
    assert set(files) == {"service.toml", "vienna.toml"}
    assert all(violation.values["line"] >= 1 for violation in refused.value.violations)


async def test_what_was_decided_under_a_superseded_version_is_decided_again() -> None:
    office = Office()
    await office.publish()
    behind = Rules(office.store)
    await behind.refresh()
    older = changed(EUROPE["service.toml"], "eligibility", "minimum_age", "25")
    await office.publish({**EUROPE, "service.toml": older})

    await office.do(Write(), behind)

    [note] = [r for r in office.store.log if isinstance(r.event, Note.Written)]
    assert (note.event.model_dump()["minimum_age"], note.metadata.rulebook_version) == (25, 2)
    assert behind.refreshed == 2


async def test_nothing_is_decided_for_a_service_without_rules() -> None:
    office = Office()

    with pytest.raises(UnknownServiceError, match="drivenow-europe"):
        await office.do(Write(), office.rules)


async def test_a_tariff_that_somebody_was_quoted_is_found_after_any_number_of_publications() -> None:
    office = Office()
    await office.publish()
    version = office.rules.in_force("drivenow-europe", NOON)
    assert version is not None
    quoted = version.rulebook.tariff("berlin", "MINI 3-Door", NOON)

    for _ in range(3):
        await office.publish(dearer())
        await office.publish()

    assert office.rules.tariff("drivenow-europe", quoted.digest) == quoted
