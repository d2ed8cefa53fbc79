"""Tokens, migrations and settings at the terminal: what is wrong is said in one line."""

from importlib import metadata
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.api.terminal import Csbe


async def test_a_token_is_for_a_role_of_a_service_that_there_is(csbe: Csbe) -> None:
    operator = await csbe("token", "operator", "--json")
    member = await csbe("token", "member", "--subject", str(uuid4()))
    nobody = await csbe("token", "member")
    elsewhere = await csbe("token", "operator", "--service", "nope")

    assert (operator.code, member.code) == (0, 0)
    assert operator.json["token"].count(".") == member.out.count(".") == 2
    assert (nobody.code, "--subject" in nobody.err) == (2, True)
    assert (elsewhere.code, "drivenow-europe" in elsewhere.err) == (2, True)


async def test_the_program_says_its_version(csbe: Csbe) -> None:
    told = await csbe("--version")

    assert (told.code, told.out.strip()) == (0, metadata.version("csbe"))


async def test_a_migrated_database_is_left_as_it_is(csbe: Csbe) -> None:
    again = await csbe("migrate", "--json")

    assert (again.code, again.json) == (0, {"applied": []})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CSBE_PORT", "abc", "CSBE_PORT: "),
        ("CSBE_MASTER_KEY", "abc", "64 hexadecimal digits"),
        ("CSBE_TOKEN_KEY", "abc", "CSBE_TOKEN_KEY must be an Ed25519 private key"),
        ("CSBE_POSTGRES_DSN", "postgresql://csbe:secret@127.0.0.1:1/csbe", "cannot reach PostgreSQL at 127.0.0.1:1"),
    ],
)
async def test_a_wrong_setting_is_named(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)

    ended = await csbe("history", str(UUID(int=1)))

    assert ended.code in {2, 3}
    assert said in ended.err
    assert "secret" not in ended.err


async def test_a_data_directory_that_cannot_be_made_is_named(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("CSBE_POSTGRES_DSN")
    monkeypatch.setenv("CSBE_DATA_DIR", str(tmp_path / "file" / "data"))

    ended = await csbe("migrate")

    assert (ended.code, "CSBE_DATA_DIR" in ended.err) == (2, True)
