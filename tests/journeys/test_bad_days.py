"""What must hold when things go wrong."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from adapters.broker import embedded_broker, free_port
from adapters.simulator.vehicles import Faults
from api.composition import composed
from api.demo import audit
from api.settings import Settings
from domain.kernel.messages import Role
from domain.rulebook.services import RULEBOOKS
from tests.journeys.city import SERVICE, City

RACES = 100


async def test_of_two_members_who_want_one_car_at_the_same_instant_one_gets_it_a_hundred_times(city: City) -> None:
    car = await city.car()
    agent = city.token(Role.AGENT)
    loser = await city.member()
    for _ in range(RACES):
        rivals = [loser, await city.member()]
        asked = [city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, rival) for rival in rivals]
        answers = await asyncio.gather(*asked)

        won = [answer for answer in answers if answer.status_code == 201]
        lost = [answer for answer in answers if answer.status_code == 409]
        assert (len(won), len(lost)) == (1, 1)
        assert [violation["code"] for violation in lost[0].json()["violations"]] == ["vehicle.reserved"]
        loser = rivals[answers.index(lost[0])]
        cancelled = await city.post(f"/v1/reservations/{won[0].json()['id']}/cancel", None, agent)
        cancelled.raise_for_status()


async def test_the_same_command_sent_ten_times_at_once_has_one_effect(city: City) -> None:
    member, car = await city.member(), await city.car()
    headers = {"Idempotency-Key": str(uuid4()), **member}
    before = await city.running.store.end()

    body = {"vehicle_id": str(car.vehicle_id)}
    answers = await asyncio.gather(*(city.api.post("/v1/reservations", json=body, headers=headers) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(not answer.json()["repeated"] for answer in answers) == 1
    assert await city.running.store.end() - before == 3


@pytest.mark.parametrize("faults", [Faults(unlock_timeout=1.0)])
async def test_a_car_that_never_answers_gives_the_reservation_back(
    city: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    patient = RULEBOOKS[SERVICE]
    limits = patient.trip.model_copy(update={"unlock_timeout": patient.trip.unlock_timeout / 30})
    monkeypatch.setitem(RULEBOOKS, SERVICE, patient.model_copy(update={"trip": limits}))
    member, car = await city.member(), await city.car()
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    reserved = (await city.post("/v1/reservations", vehicle, member)).json()

    started = (await city.post("/v1/trips", {**vehicle, "reservation_id": reserved["id"]}, member)).json()
    await city.until(f"/v1/trips/{started['id']}", member, "start_failed")
    await city.settled()

    account = (await city.api.get("/v1/members/me", headers=member)).json()
    assert (account["status"], account["reservation_id"]) == ("IN_RESERVATION", reserved["id"])
    payments = await city.running.pool.fetch("select state from read_v1.payments")
    assert [row["state"] for row in payments] == ["released"]
    assert (await city.api.get("/v1/invoices", headers=member)).json()["invoices"] == []
    mails = [mail.read_text() for mail in (tmp_path / "mail").glob("*.eml")]
    assert any("could not be opened" in mail for mail in mails)


async def test_cut_database_connections_lose_nothing_that_was_acknowledged(city: City) -> None:
    members = [await city.member() for _ in range(5)]
    cars = list(city.cars)

    async def cut() -> None:
        for _ in range(5):
            await city.running.pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.05)

    held: list[str] = []

    async def hold(member: dict[str, str], number: int) -> None:
        reserved = await city.post("/v1/reservations", {"vehicle_id": str(cars[number].vehicle_id)}, member)
        if reserved.status_code == 201:
            held.append(reserved.json()["id"])

    await asyncio.gather(cut(), *(hold(member, n) for n, member in enumerate(members)))
    await city.settled()

    for reservation_id in held:
        shown = await city.api.get(f"/v1/reservations/{reservation_id}", headers=city.token(Role.AGENT))
        assert shown.json()["state"] == "open"
    assert not any(result.broken for result in (await audit(city.running)).values())


async def test_a_killed_process_loses_nothing_and_goes_on(postgres_dsn: str, pool: object, tmp_path: Path) -> None:
    del pool  # asked for because it empties the database
    async with embedded_broker() as broker:
        port = free_port()
        environment = os.environ | {
            "CSBE_POSTGRES_DSN": postgres_dsn,
            "CSBE_MQTT_URL": broker,
            "CSBE_DATA_DIR": str(tmp_path),
            "CSBE_PORT": str(port),
            "CSBE_LOG_LEVEL": "ERROR",
        }
        acknowledged: list[str] = []
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(sys.executable, "-m", "api.cli", "serve", env=environment)
            await _register_until_killed(f"http://127.0.0.1:{port}", process, acknowledged)

        settings = Settings(postgres_dsn=SecretStr(postgres_dsn), data_dir=tmp_path)
        async with composed(settings, postgres_dsn, broker) as running:
            registered = [
                str(recorded.event.originator_id)
                async for recorded in running.store.read(topics=["members.member.registered"])
            ]
        assert len(registered) == len(set(registered))
        assert set(acknowledged) <= set(registered)


async def _register_until_killed(address: str, process: asyncio.subprocess.Process, acknowledged: list[str]) -> None:
    """Register members as fast as the server takes them; kill it in the middle."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as api:
        async with asyncio.timeout(30):
            while not await _is_ready(api):
                await asyncio.sleep(0.05)
        goal = len(acknowledged) + 40

        async def register() -> None:
            body = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}
            while True:
                answer = await api.post("/v1/members", json=body, headers={"Idempotency-Key": str(uuid4())})
                acknowledged.append(answer.json()["id"])
                if len(acknowledged) >= goal and process.returncode is None:
                    process.send_signal(signal.SIGKILL)

        registering = [asyncio.create_task(register()) for _ in range(8)]
        await process.wait()
        await asyncio.gather(*registering, return_exceptions=True)


async def _is_ready(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False
