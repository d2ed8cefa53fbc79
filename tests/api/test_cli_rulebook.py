"""`csbe rulebook`: what is wrong with a service's text, and what a change changes. Nothing has to run for it."""

import json
from pathlib import Path

import pytest

from api.cli import main
from domain.rulebook.schema import schema
from tests.api.cli.terminal import Ended
from tests.domain.rulebook.small_service import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "small", files())


def written(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def csbe(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Ended:
    try:
        main(["rulebook", *map(str, words)])
    except SystemExit as ended:
        return Ended(int(ended.code or 0), *capsys.readouterr())
    raise AssertionError


def test_a_good_service_is_summed_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, asked_for_json = csbe(capsys, "check", folder), csbe(capsys, "check", folder, "--json")

    [told] = asked_for_json.json["services"]
    assert (ended.code, asked_for_json.code) == (0, 0)
    assert ended.out == f"small: 1 cities, 1 tariffs, digest {told['digest']}\n"
    assert asked_for_json.json["faults"] == []


def test_every_fault_is_a_line_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = files(city=("Europe/Berlin", "Berlin"), service=('"EUR"', '"EURO"'))
    for name, text in bad.items():
        (folder / name).write_text(text, "utf-8")

    ended = csbe(capsys, "check", folder / "berlin.toml")

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

    ended = csbe(capsys, "check", folder, bad, "--json")

    assert ended.code == 2
    assert [service["key"] for service in ended.json["services"]] == ["small"]
    assert [fault["file"] for fault in ended.json["faults"]] == [f"{bad}/latin.toml", f"{bad}/service.toml"]


def test_a_folder_without_a_service_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = csbe(capsys, "check", tmp_path)

    assert (ended.code, "service.toml:1: the file is missing" in ended.out) == (2, True)


def test_a_change_is_told_by_city_and_tariff(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = written(tmp_path / "new", files(city=("rate = 0.31", "rate = 0.33"), tariff='models = ["X1"]\n'))

    ended, as_json = csbe(capsys, "diff", folder, new), csbe(capsys, "diff", folder, new, "--json")
    same = csbe(capsys, "diff", folder, folder / "service.toml")

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

    ended = csbe(capsys, "diff", folder, bad)

    assert (ended.code, f"{bad}/berlin.toml:3: timezone" in ended.err) == (2, True)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(csbe(capsys, "schema").out) == schema()
