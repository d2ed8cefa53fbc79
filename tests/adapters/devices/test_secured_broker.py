"""The guide to a secure broker does what it says, on a real Mosquitto."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiomqtt
import pytest

from adapters.devices.authority import Authority, Who
from adapters.mqtt.client import AcknowledgingClient, TlsFiles, client_options
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.topics import of_vehicle, subscriptions
from api.composition.servers import broker_tls
from api.settings import Settings
from domain.kernel.ports import GatewayUnavailableError
from tests.adapters.devices.guide import IS_PLAYABLE, Guide
from tests.adapters.mqtt.test_gateway import unlock
from tests.support.clocks import SystemClock
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not IS_PLAYABLE, reason="Debian's mosquitto and mosquitto-clients are not here")

SERVICE, VIN_OF_THE_PAGE = "drivenow-europe", "WBAPC71090A123456"
WHO = Who("Olga", "a test", datetime.now(UTC))
WAITING = 5_000
VINS = (f"TST{number:014}" for number in count(1))


class DeviceUnderTest:
    """A car, or who has its files."""

    def __init__(self, guide: Guide, vin: str, folder: Path) -> None:
        self.vin = vin
        self.port = guide.cars
        self.files = TlsFiles(folder / "servers.pem", folder / "car.pem", folder / "car-key.pem")

    def topic(self, channel: str) -> str:
        return of_vehicle(SERVICE, self.vin, channel)

    def client(self, port: int | None = None, **more: Any) -> aiomqtt.Client:
        url = f"mqtts://localhost:{port or self.port}?version=5"
        return aiomqtt.Client(**client_options(url, self.files), timeout=5, **more)

    async def is_let_in(self, port: int | None = None) -> bool:
        try:
            async with self.client(port):
                return True
        except aiomqtt.MqttError:
            return False


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    guide = Guide(tmp_path_factory.mktemp("guide"))
    try:
        for heading in ("Make the authority", "Set up the broker", "Set up the servers", "Let a car in"):
            guide.play(heading)
        yield guide
    finally:
        guide.stop()


def joins(guide: Guide) -> DeviceUnderTest:
    vin = next(VINS)
    folder = Authority(guide.root / "csbe-data" / "devices").issue(SERVICE, vin, WHO, days=1)
    return DeviceUnderTest(guide, vin, folder)


@pytest.fixture
def car(guide: Guide) -> DeviceUnderTest:
    return joins(guide)


@pytest.fixture
def other(guide: Guide) -> DeviceUnderTest:
    return joins(guide)


@pytest.fixture
def url(guide: Guide) -> str:
    return guide.settings["CSBE_MQTT_URL"]


@pytest.fixture
def tls(guide: Guide, monkeypatch: pytest.MonkeyPatch) -> TlsFiles:
    for name, value in guide.settings.items():
        monkeypatch.setenv(name, value)
    files = broker_tls(Settings(), guide.settings["CSBE_MQTT_URL"])
    assert files
    return files


def backend(url: str, tls: TlsFiles, name: str | None = None) -> AcknowledgingClient:
    return AcknowledgingClient(url, identifier=name or f"csbe-{uuid4()}", now=SystemClock().now, tls=tls)


async def heard(client: AcknowledgingClient, how_many: int) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(60):
        while len(found) < how_many:
            await client.arrival()
            taken = client.take(1000)
            client.acknowledge(taken)
            found += [(arrival.topic, arrival.payload) for arrival in taken]
    return found


async def test_a_car_is_heard_and_hears_its_commands(car: DeviceUnderTest, url: str, tls: TlsFiles) -> None:
    gateway = MqttVehicleGateway(url, clock=SystemClock(), tls=tls)
    async with backend(url, tls) as server, gateway, car.client() as on_board:
        await server.listen(subscriptions())
        await on_board.subscribe(car.topic("commands"), qos=1)
        await on_board.publish(car.topic("telemetry"), b"here", qos=1)
        await gateway.send(unlock(car.vin).model_copy(update={"service": SERVICE}))

        command = await asyncio.wait_for(anext(on_board.messages), 20)
        assert await heard(server, 1) == [(car.topic("telemetry"), b"here")]

    assert command.topic.value == car.topic("commands")


async def test_no_car_is_heard_as_another_or_as_the_backend(
    car: DeviceUnderTest, other: DeviceUnderTest, url: str, tls: TlsFiles
) -> None:
    elsewhere = of_vehicle("reachnow-usa", car.vin, "telemetry")
    async with backend(url, tls) as server:
        await server.listen([*subscriptions(), other.topic("commands"), car.topic("commands")])
        for forged in (other.topic("telemetry"), other.topic("commands"), car.topic("commands"), elsewhere):
            async with car.client() as liar:
                await liar.publish(forged, b"forged", qos=1)
        try:
            async with car.client(will=aiomqtt.Will(other.topic("status"), b"offline", qos=1, retain=True)) as liar:
                liar._client._sock_close()  # as if the line were cut
        except aiomqtt.MqttError:
            pass
        async with other.client() as honest:
            await honest.publish(other.topic("status"), b"online", qos=1)

        assert await heard(server, 1) == [(other.topic("status"), b"online")]


async def test_no_car_hears_what_another_is_told(
    car: DeviceUnderTest, other: DeviceUnderTest, url: str, tls: TlsFiles
) -> None:
    gateway = MqttVehicleGateway(url, clock=SystemClock(), tls=tls)
    async with gateway, car.client() as curious:
        for topic in (other.topic("commands"), "csbe/v1/+/vehicles/+/commands", "#"):
            try:
                await curious.subscribe(topic, qos=1)
            except aiomqtt.MqttError:
                continue
        for told in (other, car):
            await gateway.send(unlock(told.vin).model_copy(update={"service": SERVICE}))

        first = await asyncio.wait_for(anext(curious.messages), 20)

    assert first.topic.value == car.topic("commands")


async def test_whoever_sends_a_command_and_may_not_is_told_so(car: DeviceUnderTest, guide: Guide) -> None:
    url = f"mqtts://localhost:{guide.cars}?version=5"
    async with MqttVehicleGateway(url, clock=SystemClock(), tls=car.files) as gateway:
        with pytest.raises(GatewayUnavailableError, match="0x87"):
            await gateway.send(unlock(car.vin))


@pytest.mark.parametrize("port", ["cars", "backend"])
async def test_nobody_is_let_in_without_a_certificate(guide: Guide, tls: TlsFiles, port: str) -> None:
    url = f"mqtts://localhost:{getattr(guide, port)}?version=5"
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(**client_options(url, TlsFiles(tls.ca)), timeout=5):
            pass


async def test_a_car_is_not_let_in_where_the_backend_is(guide: Guide, car: DeviceUnderTest) -> None:
    assert not await car.is_let_in(guide.backend)
    assert await car.is_let_in()


async def test_a_car_with_the_backends_client_id_takes_neither_its_connection_nor_its_messages(
    car: DeviceUnderTest, other: DeviceUnderTest, url: str, tls: TlsFiles
) -> None:
    async with backend(url, tls, "csbe-ingest") as server:
        await server.listen(subscriptions())
        async with car.client(identifier="csbe-ingest") as thief:
            await thief.subscribe("csbe/#", qos=1)
            async with other.client() as on_board:
                await on_board.publish(other.topic("telemetry"), b"here", qos=1)
            assert await heard(server, 1) == [(other.topic("telemetry"), b"here")]
        server.check()


async def test_what_comes_while_the_server_is_away_is_all_there_when_it_is_back_also_after_a_restart_of_the_broker(
    guide: Guide, car: DeviceUnderTest, url: str, tls: TlsFiles
) -> None:
    async with backend(url, tls, "csbe-away") as server:
        await server.listen(subscriptions())
    async with car.client() as on_board:
        on_board.pending_calls_threshold = WAITING
        for start in range(0, WAITING, 500):
            sent = (on_board.publish(car.topic("telemetry"), str(n), qos=1) for n in range(start, start + 500))
            await asyncio.gather(*sent)

    await asyncio.to_thread(guide.give, "systemctl restart mosquitto")

    async with backend(url, tls, "csbe-away") as server:
        found = await heard(server, WAITING)
    assert [int(payload) for _, payload in found] == list(range(WAITING))


async def test_a_car_that_is_shut_out_cannot_connect_and_the_others_can(guide: Guide, car: DeviceUnderTest) -> None:
    folder = guide.root / "csbe-data" / "devices" / "cars" / SERVICE / f"{VIN_OF_THE_PAGE}-1"
    stolen = DeviceUnderTest(guide, VIN_OF_THE_PAGE, folder)
    assert await stolen.is_let_in()

    printed = await asyncio.to_thread(guide.play, "Shut a car out")

    async def shut_out() -> bool:
        return not await stolen.is_let_in()

    await until(shut_out)
    assert await car.is_let_in()
    assert f"{VIN_OF_THE_PAGE}" in printed
    assert "revoked" in printed


async def test_a_broker_that_another_authority_vouches_for_is_not_trusted(
    url: str, tls: TlsFiles, tmp_path: Path
) -> None:
    Authority(tmp_path / "other").found("localhost", WHO)
    theirs = TlsFiles(tmp_path / "other" / "backend" / "servers.pem", tls.certificate, tls.key)

    with pytest.raises((aiomqtt.MqttError, ssl.SSLError)):
        async with backend(url, theirs):
            pass
