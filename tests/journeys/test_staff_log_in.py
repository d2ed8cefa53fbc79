"""Staff log in at a real identity provider, and programs come with its access tokens."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from adapters.embedded.broker import free_port
from adapters.oidc import provider as oidc
from tests.support.city import City
from tests.support.identity_provider import IS_PLAYABLE, IdentityProvider, install, log_in_as
from tests.support.installation import Installation

pytestmark = pytest.mark.skipif(not IS_PLAYABLE, reason="node and npm are not here")

PEOPLE: dict[str, dict[str, Any]] = {
    "olga": {"roles": ["staff", "csbe-operators"]},
    "walter": {"roles": ["staff"]},
    "machine": {"roles": "csbe-partners"},
}


@pytest.fixture
async def provider(installation: Installation) -> AsyncIterator[IdentityProvider]:
    await install()
    provider = IdentityProvider(free_port(), f"{installation.address}/v1/login/staff/callback", PEOPLE)
    installation.settings |= provider.settings()
    async with provider.running():
        yield provider


@pytest.fixture
async def city(provider: IdentityProvider, installation: Installation) -> AsyncIterator[City]:
    assert installation.settings == provider.settings()
    async with installation.started() as city:
        yield city


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=20) as browser:
        yield browser


def code_in(answer: httpx2.Response) -> str:
    """The one-time code behind the # of the page that a browser is sent to."""
    [code] = parse_qs(urlsplit(answer.headers["Location"]).fragment)["code"]
    return code


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_an_operator_logs_in_at_the_provider_and_the_page_gets_a_session_by_a_code_that_is_good_once(
    city: City, installation: Installation, browser: httpx2.AsyncClient
) -> None:
    home = installation.address

    sent_back = await log_in_as("olga", browser, f"{home}/v1/login/staff", home)
    exchanged = [await city.api.post("/v1/login/pages", json={"code": code_in(sent_back)}) for _ in range(2)]

    tokens = exchanged[0].json()
    assert [answer.status_code for answer in exchanged] == [200, 401]
    assert (tokens["role"], tokens["subject"], tokens["service"]) == ("operator", "olga", city.place.service)
    assert (await city.api.get("/v1/reports/key-figures", headers=bearer(tokens["access_token"]))).status_code == 200
    again = await city.api.post("/v1/login/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 200


@pytest.mark.usefixtures("city")
async def test_whoever_has_no_role_here_is_not_let_in(installation: Installation, browser: httpx2.AsyncClient) -> None:
    home = installation.address

    answer = await log_in_as("walter", browser, f"{home}/v1/login/staff", home)

    assert answer.status_code == 401
    assert "Claim roles" in answer.json()["detail"]


async def test_a_login_that_was_begun_in_another_browser_is_refused(
    city: City, installation: Installation, browser: httpx2.AsyncClient
) -> None:
    begun = await browser.get(f"{installation.address}/v1/login/staff")
    [state] = parse_qs(urlsplit(begun.headers["Location"]).query)["state"]
    callback = {"path": "/v1/login/staff/callback", "code": "stolen"}

    without_cookie = await city.api.get(callback["path"], params={"code": callback["code"], "state": state})
    other_state = await browser.get(
        f"{installation.address}{callback['path']}", params={"code": callback["code"], "state": "another"}
    )
    made_up_code = await browser.get(
        f"{installation.address}{callback['path']}", params={"code": callback["code"], "state": state}
    )

    assert [answer.status_code for answer in (without_cookie, other_state, made_up_code)] == [401, 401, 401]


async def test_a_program_comes_with_an_access_token_of_the_provider(
    city: City, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "RENEWED_S", 0.0)
    good, elsewhere = await provider.machine_token(), await provider.machine_token("urn:another:api")
    head, body, signature = good.split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"

    allowed = await city.api.get("/v1/vehicles", headers=bearer(good))
    not_its_role = await city.api.get("/v1/trips", headers=bearer(good))
    refused = [await city.api.get("/v1/vehicles", headers=bearer(token)) for token in (elsewhere, forged)]

    assert (allowed.status_code, not_its_role.status_code) == (200, 403)
    assert [answer.status_code for answer in refused] == [401, 401]


async def test_new_keys_of_the_provider_are_taken_up_when_a_token_names_one(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "RENEWED_S", 0.0)
    await install()
    provider = IdentityProvider(free_port(), f"{installation.address}/v1/login/staff/callback", PEOPLE)
    installation.settings |= provider.settings()

    statuses = []
    async with installation.started() as city:
        for _ in range(2):
            async with provider.running():
                token = await provider.machine_token()
                statuses.append((await city.api.get("/v1/vehicles", headers=bearer(token))).status_code)
        statuses.append((await city.api.get("/v1/vehicles", headers=bearer(token))).status_code)

    assert statuses == [200, 200, 200]  # the last one by the keys that are known
