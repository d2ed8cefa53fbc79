"""`csbe rulebook`: what is wrong with a service's text, what a change changes, and which rules hold."""

import json
from pathlib import Path

import pytest

from adapters.rulebooks import shipped_texts
from api.cli import main
from domain.rulebook.schema import schema
from tests.api.cli.terminal import Csbe, Ended
from tests.support.small_service import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "small", files())


def written(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def offline(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Ended:
    try:
        main(["rulebook", *map(str, words)])
    except SystemExit as ended:
        return Ended(int(ended.code or 0), *capsys.readouterr())
    raise AssertionError


def test_a_good_service_is_summed_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, asked_for_json = offline(capsys, "check", folder), offline(capsys, "check", folder, "--json")

    [told] = asked_for_json.json["services"]
    assert (ended.code, asked_for_json.code) == (0, 0)
    assert ended.out == f"small: 1 cities, 1 tariffs, digest {told['digest']}\n"
    assert asked_for_json.json["faults"] == []


def test_every_fault_is_a_line_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = files(city=("Europe/Berlin", "Berlin"), service=('"EUR"', '"EURO"'))
    for name, text in bad.items():
        (folder / name).write_text(text, "utf-8")

    ended = offline(capsys, "check", folder / "berlin.toml")

    assert ended.code == 2
    assert ended.out.splitlines() == [
        f"{folder}/berlin.toml:3: timezone: there is no time zone 'Berlin': write an IANA name, e.g. Europe/Berlin",
        f"{folder}/service.toml:3: currency: there is no such currency: write a code of ISO 4217, e.g. EUR",
    ]


def test_the_good_and_the_bad_are_told_together(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = written(tmp_path / "bad", {"service.toml": "key = \n"})
    (bad / "latin.toml").write_bytes(b'name = "M\xfcnchen"\n')

    ended = offline(capsys, "check", folder, bad, "--json")

    assert ended.code == 2
    assert [service["key"] for service in ended.json["services"]] == ["small"]
    assert [fault["file"] for fault in ended.json["faults"]] == [f"{bad}/latin.toml", f"{bad}/service.toml"]


def test_a_folder_without_a_service_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = offline(capsys, "check", tmp_path)

    assert (ended.code, "service.toml:1: the file is missing" in ended.out) == (2, True)


def test_a_change_is_told_by_city_and_tariff(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = written(tmp_path / "new", files(city=("rate = 0.31", "rate = 0.33"), tariff='models = ["X1"]\n'))

    ended, as_json = offline(capsys, "diff", folder, new), offline(capsys, "diff", folder, new, "--json")
    same = offline(capsys, "diff", folder, folder / "service.toml")

    assert ended.out.splitlines() == [
        "Berlin",
        "  tariff t, version 1 changed in place, for X1",
        "    time rate: 0.31 -> 0.33",
        "    models: nothing -> X1",
    ]
    assert [change["what"] for change in as_json.json] == ["time rate", "models"]
    assert (ended.code, as_json.code, same.code, same.out) == (0, 0, 0, "nothing changes\n")


def test_a_change_to_a_bad_text_says_what_is_wrong(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = written(tmp_path / "bad", files(city=("Europe/Berlin", "Berlin")))

    ended = offline(capsys, "diff", folder, bad)

    assert (ended.code, f"{bad}/berlin.toml:3: timezone" in ended.err) == (2, True)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(offline(capsys, "schema").out) == schema()


@pytest.fixture
async def dearer(csbe: Csbe, tmp_path: Path) -> Path:
    """What is published, exported, with a price changed."""
    folder = tmp_path / "dearer"
    assert (await csbe("rulebook", "export", "drivenow-europe", str(folder))).code == 0
    berlin = folder / "berlin.toml"
    berlin.write_text(berlin.read_text("utf-8").replace("rate = 0.31 }", "rate = 0.32 }"), "utf-8")
    return folder


async def test_a_changed_price_is_published_with_what_changes_and_is_listed_with_who_and_why(
    csbe: Csbe, dearer: Path
) -> None:
    published = await csbe("rulebook", "publish", str(dearer), "--reason", "prices of March", "--by", "Olga", "--yes")
    listed = await csbe("rulebook", "versions", "drivenow-europe", "--json")

    assert published.code == 0, published.err
    assert "driving rate: 0.31 -> 0.32" in published.err
    assert "drivenow-europe: version 2 is published" in published.err
    assert [(one["version"], one["published_by"], one["reason"]) for one in listed.json][1:] == [
        (2, "Olga", "prices of March")
    ]


async def test_what_was_published_first_can_be_had_back(csbe: Csbe, dearer: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    await csbe("rulebook", "publish", str(dearer), "--reason", "prices of March", "--yes")

    await csbe("rulebook", "export", "drivenow-europe", str(first), "--version", "1")

    assert {file.name: file.read_text("utf-8") for file in first.iterdir()} == shipped_texts()["drivenow-europe"]


async def test_rules_may_hold_from_a_later_time_on_and_never_from_a_past_one(csbe: Csbe, dearer: Path) -> None:
    publish = ("rulebook", "publish", str(dearer), "--reason", "prices of March", "--yes", "--from")

    past = await csbe(*publish, "2020-01-01T00:00+01:00")
    no_zone = await csbe(*publish, "2099-01-01T00:00")
    later = await csbe(*publish, "2099-01-01T00:00+01:00")

    assert (past.code, no_zone.code, later.code) == (2, 2, 0)
    assert "rules hold from now on at the earliest" in past.err
    assert "--from" in no_zone.err
    [_, listed] = (await csbe("rulebook", "versions", "drivenow-europe", "--json")).json
    assert listed["valid_from"] == "2099-01-01T00:00:00+01:00"


async def test_what_cannot_be_published_or_found_is_told_in_one_line(csbe: Csbe, tmp_path: Path) -> None:
    await csbe("rulebook", "export", "drivenow-europe", str(tmp_path / "mine"))
    (tmp_path / "mine" / "vienna.toml").unlink()

    for words, why in (
        (("publish", str(tmp_path / "mine"), "--reason", "a slip", "--yes"), "keep the city"),
        (("versions", "moon-cars"), "nothing is published for moon-cars"),
        (("export", "drivenow-europe", str(tmp_path / "mine")), "is not empty"),
        (("export", "drivenow-europe", str(tmp_path / "x"), "--version", "9"), "no version 9: choose one of 1"),
    ):
        ended = await csbe("rulebook", *words)
        assert ended.code == 2
        assert why in ended.err
        assert "Traceback" not in ended.err


async def test_a_new_service_is_there_for_everybody_once_it_is_published(csbe: Csbe, folder: Path) -> None:
    before = await csbe("token", "operator", "--service", "small")
    await csbe("rulebook", "publish", str(folder), "--reason", "we begin in Berlin", "--yes")

    ended = await csbe("token", "operator", "--service", "small")

    assert (before.code, ended.code) == (2, 0)
    assert "there is no service small" in before.err
