"""The security log: what was tried, from where, without a secret and without anybody in clear, however often."""

from collections import Counter
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from api import security_log
from domain.kernel.messages import Role
from tests.support.routes import AUTHORITY, SERVICE, application, asked

Lines = list[MutableMapping[str, Any]]


class Time:
    """Goes on when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(security_log, "monotonic", time)
    monkeypatch.setattr(security_log, "bounds", security_log.Bounds())
    return time


@pytest.fixture
def lines(time: Time) -> Iterator[Lines]:
    del time
    with capture_logs() as captured:
        yield captured


def bearer(role: Role, subject: str) -> str:
    at = datetime.now(UTC)
    return "Bearer " + AUTHORITY.issue(role, subject, service=SERVICE, at=at, expires_in=timedelta(hours=1))


async def test_a_flood_from_one_address_is_a_few_lines_and_a_count(lines: Lines, time: Time) -> None:
    app = application(trusted_networks="203.0.113.0/24")
    async with asked(app, "203.0.113.77") as api:
        for _ in range(200):
            await api.get("/v1/trips", headers={"Authorization": "Bearer nonsense"})
        in_the_flood = Counter(line["event"] for line in lines)
        time.now += security_log.WINDOW_S
        await api.get("/v1/trips")

    assert in_the_flood == {"token_refused": security_log.IN_FULL}
    assert [line["event"] for line in lines[security_log.IN_FULL :]] == ["repeated", "token_missing"]
    counted = lines[security_log.IN_FULL]
    assert (counted["what"], counted["times"]) == ("token_refused", 200 - security_log.IN_FULL)
    assert counted["source_id"] == lines[0]["source_id"]


def test_a_flood_from_many_addresses_is_bounded_and_counted_at_the_end(lines: Lines) -> None:
    admitted = [security_log.bounds.admits("token_refused", f"source {number}") for number in range(5000)]

    security_log.finish()

    assert sum(admitted) == security_log.LINES
    [counted] = lines
    assert (counted["source_id"], counted["times"]) == ("others", 5000 - security_log.LINES)
    assert list(security_log.bounds.ended(at_once=True)) == []


async def test_a_flood_hides_nothing_of_another_address_a_minute_later(lines: Lines, time: Time) -> None:
    for number in range(5000):
        security_log.bounds.admits("token_refused", f"source {number}")
    time.now += security_log.WINDOW_S

    async with asked(application(), "198.51.100.9") as api:
        await api.get("/v1/trips")

    assert [line["event"] for line in lines] == ["repeated", "token_missing"]


async def test_lines_tell_no_secret_and_nobody_in_clear_and_yet_what_belongs_together(lines: Lines) -> None:
    olga, member = "olga.beispiel@example.org", "01941f29-7c00-7a3e-8a55-6a1de7b1c001"
    token = bearer(Role.ANALYST, olga)
    for source in ("203.0.113.77", "2001:db8:1:2::77"):
        async with asked(application(), source) as api:
            await api.get("/v1/vehicles/not-an-id-but-ada@example.org", headers={"Authorization": token})
            await api.get("/v1/trips?member_id=ada@example.org", headers={"Authorization": f"{token}x"})
            await api.get("/v1/reports", headers={"Authorization": bearer(Role.MEMBER, member)})

    told = str(lines)
    secrets = [olga, "ada@", "203.0.113.77", "::77", token[7:]]
    assert [secret for secret in secrets if secret in told] == []
    assert [line["event"] for line in lines] == ["scope_missing", "token_refused", "scope_missing"] * 2
    assert {line["path"] for line in lines} == {"/v1/vehicles/{vehicle_id}", "/v1/trips", "/v1/reports"}
    assert [line["source"] for line in lines] == ["203.0.113.0/24"] * 3 + ["2001:db8:1::/48"] * 3
    assert len({line["source_id"] for line in lines}) == 2
    assert [line["subject"] for line in lines if "subject" in line] == [AUTHORITY.pseudonym(olga), member] * 2
