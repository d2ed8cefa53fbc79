"""The authority whose certificates name cars: a folder that knows what was issued and revoked, by whom and why."""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from adapters.devices.certificates import Issuer, Use, new_issuer, serial_number
from adapters.mqtt.topics import SERVICE
from domain.kernel.units import VIN

MAX_NAME = 64
"""Of a certificate's common name (X.520)."""

AUTHORITY_DAYS = 20 * 365
SHIPPED = ("mosquitto.conf", "access.acl")


@dataclass(frozen=True)
class Who:
    """Who decides it, and why."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class DeviceCertificate:
    """One that was issued to a car."""

    service: str
    vin: str
    number: int
    """Of those of this car."""
    serial: str
    """Hexadecimal."""
    until: str
    revoked_at: str | None = None


class AuthorityError(ValueError):
    """It cannot be done as the folder stands."""


class Authority:
    """Issues and revokes. `private` stays where it is; `broker`, `backend` and `cars` are copied to where they belong.

    Two certificates sign: one for cars, and one for broker and backend, so that no car is ever taken for either.
    Nothing is overwritten but the list of what is revoked.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.revoked_list = folder / "broker" / "revoked.pem"
        self._record = folder / "private" / "record.jsonl"

    def found(self, broker_host: str, who: Who) -> None:
        """Make the authority, the broker's certificate and the backend's. Raises `AuthorityError` if it is there."""
        if self._record.exists():
            raise AuthorityError(f"there is an authority in {self.folder} already")
        private, broker, backend = (self.folder / name for name in ("private", "broker", "backend"))
        for folder in (private, broker, backend):
            folder.mkdir(parents=True, exist_ok=True)
        private.chmod(0o700)
        devices, servers = (new_issuer(name, who.at, days=AUTHORITY_DAYS) for name in ("CSBE cars", "CSBE servers"))
        _write(private / "devices-key.pem", devices.key_pem, secret=True)
        _write(private / "servers-key.pem", servers.key_pem, secret=True)
        _write(private / "devices.pem", devices.pem)
        _write(private / "servers.pem", servers.pem)
        for folder in (broker, backend):
            _write(folder / "servers.pem", servers.pem)
        _write(broker / "devices.pem", devices.pem)
        _issue_into(broker, "broker", servers, broker_host, Use.SERVER, who.at, AUTHORITY_DAYS - 1)
        _issue_into(backend, "backend", servers, "csbe", Use.CLIENT, who.at, AUTHORITY_DAYS - 1)
        for name in SHIPPED:
            _write(broker / name, (files("adapters.devices") / "mosquitto" / name).read_bytes())
        self._append({"what": "founded", "broker": broker_host, **_told(who)})
        self._write_revoked(devices, who.at)

    def issue(self, service: str, vin: str, who: Who, *, days: int) -> Path:
        """Issue a certificate to a car, beside those that it has; returns the folder with what the car needs."""
        name = _name(service, vin)
        with self._opened():
            issued = sum((one.service, one.vin) == (service, vin) for one in self.certificates())
            folder = self.folder / "cars" / service / f"{vin}-{issued + 1}"
            folder.mkdir(parents=True)
            serial, until = serial_number(), who.at + timedelta(days=days)
            self._append(
                {"what": "issued", "service": service, "vin": vin, "serial": f"{serial:x}",
                 "until": until.isoformat(), **_told(who)}
            )  # fmt: skip
            _issue_into(folder, "car", self._issuer("devices"), name, Use.CLIENT, who.at, days, serial=serial)
            _write(folder / "servers.pem", (self.folder / "private" / "servers.pem").read_bytes())
        return folder

    def revoke(self, service: str, vin: str, who: Who) -> list[DeviceCertificate]:
        """Revoke all certificates of a car, and write the list that the broker reads."""
        _name(service, vin)
        with self._opened():
            theirs = [one for one in self.certificates() if (one.service, one.vin) == (service, vin)]
            if not theirs:
                raise AuthorityError(f"no certificate was issued to {vin} of {service}")
            revoked = [one for one in theirs if one.revoked_at is None]
            for one in revoked:
                self._append(
                    {"what": "revoked", "service": service, "vin": vin, "serial": one.serial, **_told(who)}
                )  # fmt: skip
            self._write_revoked(self._issuer("devices"), who.at)
        return revoked

    def certificates(self) -> list[DeviceCertificate]:
        """All that were issued to cars, in order."""
        entries = self._entries()
        revoked = {e["serial"]: e["at"] for e in entries if e["what"] == "revoked"}
        found: list[DeviceCertificate] = []
        for e in entries:
            if e["what"] == "issued":
                number = 1 + sum((one.service, one.vin) == (e["service"], e["vin"]) for one in found)
                facts = (e["service"], e["vin"], number, e["serial"], e["until"])
                found.append(DeviceCertificate(*facts, revoked_at=revoked.get(e["serial"])))
        return found

    def _write_revoked(self, devices: Issuer, at: datetime) -> None:
        revoked = [one for one in self.certificates() if one.revoked_at is not None]
        times = [(int(one.serial, 16), datetime.fromisoformat(one.revoked_at or "")) for one in revoked]
        new = self.revoked_list.with_suffix(".new")
        new.write_bytes(devices.revoked(times, number=len(self._entries()), at=at))
        new.replace(self.revoked_list)

    def _issuer(self, name: str) -> Issuer:
        private = self.folder / "private"
        return Issuer.from_pem((private / f"{name}.pem").read_bytes(), (private / f"{name}-key.pem").read_bytes())

    def _entries(self) -> list[dict[str, str]]:
        if not self._record.exists():
            raise AuthorityError(f"there is no authority in {self.folder}: csbe devices ca makes one")
        return [json.loads(line) for line in self._record.read_text("utf-8").splitlines()]

    def _append(self, entry: dict[str, str]) -> None:
        with self._record.open("a", encoding="utf-8") as record:
            record.write(json.dumps(entry) + "\n")
            record.flush()
            os.fsync(record.fileno())

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """One command at a time."""
        self._entries()
        with self._record.open("rb") as record:
            fcntl.flock(record, fcntl.LOCK_EX)
            yield


def _told(who: Who) -> dict[str, str]:
    return {**asdict(who), "at": who.at.isoformat()}


def _name(service: str, vin: str) -> str:
    """What a certificate calls a car: the part of its topics that is its own, so that one rule fits all cars."""
    if not re.fullmatch(SERVICE, service):
        raise AuthorityError(f"{service!r} is no key of a service")
    if not re.fullmatch(VIN, vin):
        raise AuthorityError(f"{vin!r} is no VIN: 17 of A-Z without I, O, Q, and 0-9")
    name = f"{service}/vehicles/{vin}"
    if len(name) > MAX_NAME:
        raise AuthorityError(f"a certificate's name has {MAX_NAME} characters, too few for {name}")
    return name


def _issue_into(
    folder: Path, file: str, issuer: Issuer, name: str, use: Use, at: datetime, days: int, *, serial: int | None = None
) -> None:
    key, certificate = issuer.issue(name, use, at, days=days, serial=serial or serial_number())
    _write(folder / f"{file}-key.pem", key, secret=True)
    _write(folder / f"{file}.pem", certificate)


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Make a file. Raises `FileExistsError`: nothing is overwritten."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644), "wb") as file:
        file.write(content)
