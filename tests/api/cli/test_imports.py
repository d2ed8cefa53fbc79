"""Cars, zones and members from tables, as the page about it says."""

import re
from pathlib import Path

import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from tests.api.cli.terminal import Csbe

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "import-from-a-table.md").read_text("utf-8")
VEHICLES, ZONES, MEMBERS = re.findall(r"^```csv\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = {"vehicles": VEHICLES, "zones": ZONES, "members": MEMBERS}
WHY = ("--reason", "moved from the old system")
HEAD, *CARS = VEHICLES.splitlines()


async def imported(store: PostgresEventStore) -> list[RecordedEvent]:
    topics = ["fleet.vehicle.commissioned", "fleet.zone.defined", "members.member.registered"]
    return [recorded async for recorded in store.read(topics=topics)]


async def test_the_page_plays_and_a_repetition_adds_nothing(
    csbe: Csbe, store: PostgresEventStore, tmp_path: Path
) -> None:
    first: dict[str, dict[str, int]] = {}
    again: dict[str, dict[str, int]] = {}
    for counts in (first, again):
        for words in re.findall(r"^csbe import (\w+) (\S+) --reason", PAGE, re.MULTILINE):
            (tmp_path / words[1]).write_text(FILES[words[0]])
            ended = await csbe("import", words[0], str(tmp_path / words[1]), *WHY, "--json")
            counts[words[0]] = ended.json

    assert first == {kind: {"imported": n, "known": 0} for kind, n in (("zones", 1), ("vehicles", 2), ("members", 2))}
    assert again == {kind: {"imported": 0, "known": one["imported"]} for kind, one in first.items()}
    events = await imported(store)
    assert len(events) == 5
    assert [
        e.event.address.city if e.event.address else None for e in events if isinstance(e.event, Member.Registered)
    ] == [
        "Berlin",
        None,
    ]
    assert {(e.metadata.actor.id, e.metadata.reason, e.metadata.service) for e in events} == {
        ("olga", WHY[1], "drivenow-europe")
    }


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("vehicles", [HEAD, CARS[0], CARS[0]], "line 3: the same vin as in line 2"),
        ("vehicles", [HEAD, CARS[0], CARS[1].replace("combustion,,", "steam,,")], "line 3: propulsion: "),
        ("vehicles", [HEAD, CARS[0].replace(",4,", ",four,")], "line 2: four is neither a number nor JSON"),
        ("vehicles", [HEAD, CARS[0], CARS[1] + ",more"], "line 3: it has more or fewer values than the first line"),
        ("vehicles", [HEAD.replace("plate", "sign"), CARS[0]], "line 1: no column sign: plate, make, model"),
        ("vehicles", [HEAD, CARS[0], CARS[1].replace("berlin", "atlantis")], "line 3: "),
        ("zones", [*ZONES.splitlines(), ZONES.splitlines()[1].replace("52.6", "99")], "line 3: "),
        ("members", [*MEMBERS.splitlines(), "berlin,Bo,bo@example.org,2026-01-01,"], "line 4: "),
        ("members", [*MEMBERS.splitlines(), 'berlin,"Bo" x,bo@example.org,1990-01-01,'], "line 4: no CSV: "),
        (
            "members",
            [*MEMBERS.splitlines(), "berlin,Bo,bo@example.org,1990-01-01,Musterweg 1"],
            "line 4: Musterweg 1 is ",
        ),
    ],
)
async def test_a_table_with_a_fault_is_refused_with_its_line_and_nothing_is_imported(
    csbe: Csbe, store: PostgresEventStore, tmp_path: Path, kind: str, text: list[str], why: str
) -> None:
    (tmp_path / "table.csv").write_text("\n".join(text))

    ended = await csbe("import", kind, str(tmp_path / "table.csv"), *WHY)

    assert (ended.code, f"error: table.csv, {why}" in ended.err) == (2, True), ended.err
    assert await imported(store) == []


async def test_a_car_that_the_fleet_has_already_is_refused_before_any_other_is_taken(
    csbe: Csbe, store: PostgresEventStore, tmp_path: Path
) -> None:
    (tmp_path / "first.csv").write_text("\n".join((HEAD, CARS[1])))
    (tmp_path / "second.csv").write_text("\n".join((HEAD, CARS[0], CARS[1].replace("642,MINI", "999,MINI"))))

    taken = await csbe("import", "vehicles", str(tmp_path / "first.csv"), *WHY)
    refused = await csbe("import", "vehicles", str(tmp_path / "second.csv"), *WHY)

    assert (taken.code, taken.out) == (0, "vehicles: 1 imported, 0 were imported before\n")
    assert (refused.code, "second.csv, line 3: " in refused.err) == (2, True)
    assert len(await imported(store)) == 1
