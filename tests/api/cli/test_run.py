"""Tokens, migrations and settings at the terminal: what is wrong is said in one line."""

import asyncio
import re
from importlib import metadata
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.embedded.broker import embedded_broker, free_port
from api.settings import refuse_unknown
from tests.api.cli.terminal import Csbe
from tests.support.city import City


async def test_a_token_that_no_server_would_know_is_not_printed(csbe: Csbe, tmp_path: Path) -> None:
    (tmp_path / "token-key.pem").unlink()

    unknown = await csbe("token", "operator")

    assert (unknown.code, unknown.out) == (2, "")
    assert f"no server signs with a key of {tmp_path}" in unknown.err
    assert not (tmp_path / "token-key.pem").exists()


async def test_a_token_is_for_a_role_of_a_service_that_there_is(csbe: Csbe) -> None:
    operator = await csbe("token", "operator", "--json")
    member = await csbe("token", "member", "--subject", str(uuid4()))
    nobody = await csbe("token", "member")
    elsewhere = await csbe("token", "operator", "--service", "nope")

    assert (operator.code, member.code) == (0, 0)
    assert operator.json["token"].count(".") == member.out.count(".") == 2
    assert (nobody.code, "--subject" in nobody.err) == (2, True)
    assert (elsewhere.code, "drivenow-europe" in elsewhere.err) == (2, True)


async def test_a_link_to_the_live_page_is_good_once_and_for_whom_the_page_is(city: City, csbe: Csbe) -> None:
    printed = await csbe("token", "auditor", "--subject", "anna", "--link", "--json")
    code = printed.json["link"].rpartition("/#code=")[2]

    first, second = [await city.api.post("/v1/login/pages", json={"code": code}) for _ in range(2)]

    assert (first.json()["role"], first.json()["subject"]) == ("auditor", "anna")
    assert (first.status_code, second.status_code) == (200, 401)
    refused = await csbe("token", "analyst", "--link")
    assert (refused.code, "not for the role analyst" in refused.err) == (2, True)


async def test_where_several_services_run_a_token_must_say_for_which(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CSBE_SERVICE")

    ended = await csbe("token", "operator")

    assert ended.code == 2
    assert "drivenow-europe, reachnow-usa, sharenow-europe" in " ".join(ended.err.split())


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
        ("CSBE_POSTGRES_DSN", "postgresql://csbe:se/cret@127.0.0.1:1/csbe", "CSBE_POSTGRES_DSN: "),
        ("CSBE_MQTT_URL", "mqtt://csbe:se#cret@127.0.0.1", "CSBE_MQTT_URL: "),
        (
            "CSBE_POSTGRES_DSN",
            "postgresql://csbe:secret@127.0.0.1:1/csbe",
            "cannot reach PostgreSQL, csbe at 127.0.0.1:1",
        ),
    ],
)
async def test_a_wrong_setting_is_named(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)

    ended = await csbe("jobs", "list")

    assert ended.code in {2, 3}
    assert said in ended.err
    assert not {"secret", "cret@", "se/cret", "se#cret"} & set(re.split(r"[^\w@/#]+", ended.err + ended.servers))


NEAREST = {
    "CSBE_POSTGRES_DNS": "is no setting: did you mean CSBE_POSTGRES_DSN?",
    "CSBE_DATADIR": "is no setting: did you mean CSBE_DATA_DIR?",
    "csbe_prot": "is no setting: did you mean CSBE_PORT?",
    "CSBE_": "is no setting",
}


@pytest.mark.parametrize("name", NEAREST)
def test_a_variable_that_is_no_setting_is_refused_with_the_nearest_one(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} {NEAREST[name]}")):
        refuse_unknown({name: "x", "CSBE_PORT": "1", "HOME": "/", "CSBE_TEST_POSTGRES_DSN": "x"})


def test_a_variable_without_a_value_is_refused() -> None:
    refuse_unknown({"CSBE_SMTP_HOST": "mail", "csbe_port": "1"})

    with pytest.raises(ValueError, match="CSBE_SMTP_HOST is empty"):
        refuse_unknown({"CSBE_SMTP_HOST": " "})


@pytest.mark.parametrize("words", ["token operator", "migrate", "rulebook schema", "serve", "audit log", "demo"])
async def test_every_command_refuses_a_variable_that_is_no_setting(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("CSBE_POSTGRES_DNS", "postgresql://db/fleet")

    ended = await csbe(*words.split())

    assert (ended.code, ended.out, "did you mean CSBE_POSTGRES_DSN?" in ended.err) == (2, "", True)


async def test_each_command_says_which_servers_it_uses_and_no_password(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "127.0.0.1:1/fleet"
    monkeypatch.setenv("CSBE_POSTGRES_DSN", f"postgresql://csbe:secret@{address}")
    monkeypatch.setenv("CSBE_MQTT_URL", "mqtts://csbe:secret@broker.example.org")

    said = {(await csbe(*words)).servers for words in (("jobs", "list"), ("token", "operator"), ("serve",))}

    assert said == {"database: fleet at 127.0.0.1:1; broker: broker.example.org\n"}


@pytest.mark.parametrize("words", ["demo", "simulate"])
@pytest.mark.parametrize("given", ["CSBE_POSTGRES_DSN", "CSBE_MQTT_URL"])
async def test_made_up_members_need_a_word_to_go_to_given_servers(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, words: str, given: str
) -> None:
    monkeypatch.delenv("CSBE_POSTGRES_DSN")
    monkeypatch.setenv(given, {"CSBE_POSTGRES_DSN": "postgresql://a:secret@db/fleet"}.get(given, "mqtt://db"))

    ended = await csbe(words, "--for", "1")

    assert (ended.code, "--into-given-servers" in ended.err, "secret" in ended.err) == (2, True, False)


SKIP = ("webhooks", "skip", str(UUID(int=1)), "--position", "1", "--reason")
BEYOND = "9999999999999999999999"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ((*SKIP, "x"), "--reason"),
        ((*SKIP, "x" * 401), "--reason"),
        ((*SKIP, "a slip", "--by", ""), "--by"),
        ((*SKIP, "a slip", "--by", "x" * 121), "--by"),
        (("token", "partner", "--subject", " "), "--subject"),
        (("webhooks", "replay", str(UUID(int=1)), "--from", BEYOND), "--from"),
        (("webhooks", "skip", str(UUID(int=1)), "--reason", "a slip", "--position", BEYOND), "--position"),
        (("followers", "skip", "fleet", "--reason", "a slip", "--position", BEYOND), "--position"),
        (("history", str(UUID(int=1)), "--position", BEYOND), "--position"),
    ],
    ids=lambda words: " ".join(word[:10] for word in words) if isinstance(words, tuple) else words,
)
async def test_an_option_that_does_not_fit_is_named(csbe: Csbe, words: tuple[str, ...], option: str) -> None:
    ended = await csbe(*words)

    assert ended.code == 2
    assert f"Invalid value for '{option}'" in ended.err
    assert "CSBE_" not in ended.err


async def test_a_simulation_of_a_system_that_is_not_there_says_so(csbe: Csbe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.demo.simulation.told_to_stop", asyncio.Event)  # signals belong to the main thread
    async with embedded_broker() as url:
        monkeypatch.setenv("CSBE_MQTT_URL", url)
        monkeypatch.setenv("CSBE_PORT", str(free_port()))

        ended = await csbe("simulate", "--members", "2", "--into-given-servers")

    assert ended.code == 3
    assert ended.err.startswith("error: cannot reach the API at 127.0.0.1:")


async def test_a_simulation_whose_system_goes_away_ends_and_says_so(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.demo.simulation.told_to_stop", asyncio.Event)
    monkeypatch.setattr("api.demo.simulation.RESTART_S", 0.2)
    asked = asyncio.Event()

    async def never_answer(request: asyncio.StreamReader, _answer: asyncio.StreamWriter) -> None:
        if await request.readline():
            asked.set()

    system = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = system.sockets[0].getsockname()[1]
    async with embedded_broker() as url:
        monkeypatch.setenv("CSBE_MQTT_URL", url)
        monkeypatch.setenv("CSBE_PORT", str(port))
        simulating = asyncio.ensure_future(csbe("simulate", "--members", "2", "--into-given-servers"))
        async with asyncio.timeout(60):
            await asked.wait()

        system.close()
        ended = await simulating

    assert (ended.code, ended.err) == (3, f"error: cannot reach the API at 127.0.0.1:{port} any more\n")


async def test_a_data_directory_that_cannot_be_made_is_named(
    csbe: Csbe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("CSBE_POSTGRES_DSN")
    monkeypatch.setenv("CSBE_DATA_DIR", str(tmp_path / "file" / "data"))

    ended = await csbe("migrate")

    assert (ended.code, "CSBE_DATA_DIR" in ended.err) == (2, True)
