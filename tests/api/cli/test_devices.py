"""Certificates of cars at the terminal: issued beside each other, revoked for good, on record with who and why."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import SecretStr

from api.composition.servers import broker_tls
from api.settings import Settings
from tests.api.cli.terminal import Csbe

SERVICE, VIN = "drivenow-europe", "WBAPC71090A123456"
WHY = ("--reason", "a test")


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def modes(folder: Path, pattern: str) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob(pattern)}


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    return tmp_path / "devices"


@pytest.fixture
async def authority(csbe: Csbe, devices: Path) -> Path:
    assert (await csbe("devices", "ca", "broker.example", *WHY)).code == 0
    return devices


async def test_an_authority_is_made_once(csbe: Csbe, authority: Path) -> None:
    before = contents(authority)

    again = await csbe("devices", "ca", "broker.example", *WHY)

    assert (again.code, "already" in again.err) == (2, True)
    assert contents(authority) == before


async def test_keys_are_for_their_owner_only(csbe: Csbe, authority: Path) -> None:
    await csbe("devices", "issue", SERVICE, VIN, *WHY)

    assert modes(authority, "**/*-key.pem") == dict.fromkeys(
        ("devices-key.pem", "servers-key.pem", "broker-key.pem", "backend-key.pem", "car-key.pem"), 0o600
    )
    assert modes(authority, "private") == {"private": 0o700}


async def test_a_certificate_names_service_and_vin_and_a_later_one_stands_beside_it(
    csbe: Csbe, authority: Path
) -> None:
    for days in ("10", "20"):
        assert (await csbe("devices", "issue", SERVICE, VIN, "--days", days, *WHY)).code == 0

    cars = [authority / "cars" / SERVICE / f"{VIN}-{number}" for number in (1, 2)]
    made = [x509.load_pem_x509_certificate((car / "car.pem").read_bytes()) for car in cars]
    assert {one.subject.rfc4514_string() for one in made} == {f"CN={SERVICE}/vehicles/{VIN}"}
    assert made[1].not_valid_after_utc - made[0].not_valid_after_utc > timedelta(days=9)
    assert made[0].serial_number != made[1].serial_number


async def test_all_certificates_of_a_car_are_revoked_and_no_others(csbe: Csbe, authority: Path) -> None:
    for vin in (VIN, VIN, f"{VIN[:-1]}7"):
        await csbe("devices", "issue", SERVICE, vin, *WHY)

    revoked = await csbe("devices", "revoke", SERVICE, VIN, "--reason", "stolen")
    again = await csbe("devices", "revoke", SERVICE, VIN, "--reason", "stolen")

    listed = (await csbe("devices", "list", "--json")).json
    crl = x509.load_pem_x509_crl((authority / "broker" / "revoked.pem").read_bytes())
    assert (revoked.code, again.code) == (0, 0)
    assert [(one["vin"][-1], one["revoked_at"] is not None) for one in listed] == [("6", True)] * 2 + [("7", False)]
    assert {one.serial_number for one in crl} == {int(one["serial"], 16) for one in listed[:2]}
    assert crl.next_update_utc
    assert crl.next_update_utc > datetime.now(UTC) + timedelta(days=365)


async def test_who_decided_it_and_why_stays_on_record(csbe: Csbe, authority: Path) -> None:
    await csbe("devices", "issue", SERVICE, VIN, "--reason", "joins", "--by", "Ada")
    await csbe("devices", "revoke", SERVICE, VIN, "--reason", "stolen")

    lines = (authority / "private" / "record.jsonl").read_text().splitlines()
    facts = [[json.loads(line)[name] for name in ("what", "by", "reason")] for line in lines]
    assert facts == [["founded", "olga", "a test"], ["issued", "Ada", "joins"], ["revoked", "olga", "stolen"]]


@pytest.mark.parametrize(
    ("service", "vin", "said"),
    [
        (SERVICE, "WBAPC71090A12345", "no VIN"),
        (SERVICE, "WBAPC71090A12345#", "no VIN"),
        (SERVICE, "../../../../../xx", "no VIN"),
        ("+", VIN, "no key of a service"),
        ("a" * 38, VIN, "64 characters"),
    ],
)
@pytest.mark.usefixtures("authority")
async def test_a_name_that_would_not_be_the_cars_own_is_refused(csbe: Csbe, service: str, vin: str, said: str) -> None:
    ended = await csbe("devices", "issue", service, vin, *WHY)

    assert (ended.code, said in ended.err) == (2, True)


async def test_without_an_authority_nothing_is_issued_or_revoked(csbe: Csbe, devices: Path) -> None:
    for what in ("issue", "revoke"):
        ended = await csbe("devices", what, SERVICE, VIN, *WHY)

        assert (ended.code, "csbe devices ca" in ended.err) == (2, True)
    assert contents(devices) == {}


@pytest.mark.usefixtures("authority")
async def test_a_car_without_a_certificate_cannot_be_shut_out(csbe: Csbe) -> None:
    ended = await csbe("devices", "revoke", SERVICE, VIN, *WHY)

    assert (ended.code, "no certificate was issued" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("url", "files", "said"),
    [
        ("mqtt://broker", ("servers.pem", None, None), "mqtts://"),
        ("mqtts://broker", (None, None, "backend-key.pem"), "CSBE_MQTT_KEY_FILE needs"),
        ("mqtts://broker", ("nowhere.pem", None, None), "nowhere.pem cannot be read"),
        ("mqtts://broker", ("backend-key.pem", None, None), "not PEM"),
        ("mqtts://broker", ("servers.pem", "servers.pem", "backend-key.pem"), "another certificate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_certificates_that_cannot_be_used_are_named(
    authority: Path, url: str, files: tuple[str | None, ...], said: str
) -> None:
    ca, certificate, key = (None if name is None else authority / "backend" / name for name in files)
    settings = Settings(mqtt_url=SecretStr(url), mqtt_ca_file=ca, mqtt_certificate_file=certificate, mqtt_key_file=key)

    with pytest.raises(ValueError, match=said):
        broker_tls(settings, url)
