"""The command line: whatever is typed, it says in a line what is wrong, and never shows a traceback."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, seed
from hypothesis import strategies as st
from typer.core import TyperGroup

from api.cli import app, main
from tests.fuzz.conftest import Rig
from tests.fuzz.depth import SEED, looking

NOWHERE = "postgresql://csbe@127.0.0.1:1/nowhere"
ENDLESS = {"serve", "demo", "simulate"}
"""They run until somebody stops them: only asked for where there is no database."""
HARD = (
    "", " ", "-1", "0", "1", "99999999999999999999", "1e400", "nan", "inf", "--", "-", "x" * 300, "'; drop table x; --",
    "[bold]", "[/red]", "\ud800", "ä\u202e", "0001-01-01", "9999-12-31", "2026-02-30", "9999-12-31T23:59:59",
    "true", "member", "drivenow-europe", "rental", "policies",
)  # fmt: skip


def commands(group: TyperGroup, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:  # of the click inside typer
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
COMMANDS = dict(commands(ROOT))
OPTIONS = sorted({option for c in COMMANDS.values() for p in c.params for option in p.opts if option.startswith("-")})


def words(known: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """A command, with what it takes and what it does not, in any order."""
    values = st.one_of(st.sampled_from([*HARD, *known]), st.uuids().map(str), st.integers().map(str))
    foreign = st.sampled_from([*OPTIONS, "--nonsense", "-x", "--help", "--version"])

    def given_to(parameter: Any) -> st.SearchStrategy[tuple[str, ...]]:  # of the click inside typer
        options = st.sampled_from(parameter.opts)
        if getattr(parameter, "is_flag", False):
            return st.tuples(options)
        return st.tuples(options, values) if parameter.opts[0].startswith("-") else st.tuples(values)

    def of(path: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
        pieces = [given_to(p) for p in COMMANDS[path].params]
        proper = st.tuples(*(st.one_of(piece, piece, st.just(())) for piece in pieces))
        more = st.one_of(st.just(()), st.just(()), st.tuples(foreign), st.tuples(foreign, values))
        together = st.tuples(proper, more).map(lambda parts: [word for part in (*parts[0], parts[1]) for word in part])
        return together.map(lambda rest: [*path, *rest])

    return st.one_of(st.sampled_from(sorted(COMMANDS)).flatmap(of), st.lists(st.one_of(values, foreign), max_size=4))


def ended(typed: list[str]) -> tuple[int, str]:
    """How a command ended, and what it said."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(typed)
        except SystemExit as end:
            said = b"".join(stream.buffer.getvalue() for stream in (out, err) if isinstance(stream.buffer, io.BytesIO))
            return int(end.code or 0), said.decode()
    raise AssertionError(typed)


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody is asked, nothing is written outside, logs stay as they are."""
    monkeypatch.setenv("CSBE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CSBE_MQTT_URL", "mqtt://127.0.0.1:1")
    monkeypatch.setattr("api.cli.terminal.configure_logs", lambda _level: None)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


def is_said_well(code: int, text: str, allowed: set[int]) -> bool:
    return code in allowed and "Traceback" not in text


def test_whatever_is_typed_ends_in_words(rig: Rig, at_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del at_home
    monkeypatch.setenv("CSBE_POSTGRES_DSN", rig.dsn)
    kept = {"member_id", "aggregate_id", "subject"}  # nobody is erased whom others look for
    known = tuple(id for name, ids in rig.planted.ids.items() if name not in kept for id in ids)

    @seed(SEED)
    @looking(60)
    @given(typed=words(known).filter(lambda typed: not ENDLESS & set(typed)))
    def type_it(typed: list[str]) -> None:
        assert is_said_well(*ended(typed), {0, 1, 2}), typed

    type_it()


def test_a_member_is_erased_with_whatever_is_typed_besides_and_only_when_that_is_meant(
    rig: Rig, at_home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del at_home
    monkeypatch.setenv("CSBE_POSTGRES_DSN", rig.dsn)
    spare = rig.planted.spare

    @seed(SEED)
    @looking(20)
    @given(besides=st.lists(st.sampled_from(["--yes", spare, *HARD]), max_size=3), named=st.booleans())
    def type_it(besides: list[str], named: bool) -> None:
        typed = ["erase", "--reason", "asked", "--by", "olga", *([spare] if named else []), *besides]
        code, text = ended(typed)
        assert is_said_well(code, text, {0, 1, 2}), typed
        assert code or {spare, "--yes"} <= set(typed), typed

    type_it()
    code, text = ended(["erase", spare, "--reason", "asked", "--by", "olga", "--yes"])
    assert (code, f"member {spare} is erased" in text) == (0, True)


def test_without_a_database_it_ends_in_words_too(at_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del at_home
    monkeypatch.setenv("CSBE_POSTGRES_DSN", NOWHERE)

    @seed(SEED)
    @looking(100)
    @given(typed=words(()))
    def type_it(typed: list[str]) -> None:
        assert is_said_well(*ended(typed), {0, 1, 2, 3}), typed

    type_it()
