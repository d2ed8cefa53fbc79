"""A member registers, logs in by mail, goes on, and logs out; whoever is not let in learns nothing."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from adapters.postgres.identity.codes import CODE_LIFE
from adapters.postgres.identity.limits import FREE_TRIES, LONGEST_WAIT, WAITS
from adapters.postgres.identity.revocations import POLL_SECONDS
from api.composition import Component
from domain.identity.sessions import Sessions
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

ADA = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}
EMAIL = ADA["email"]
STRANGER = "nobody@example.org"
ONE_SECOND = 1.0


async def registered(city: City, email: str = EMAIL) -> str:
    """The id of a new member."""
    answer = await city.post("/v1/members", {**ADA, "email": email}, {})
    answer.raise_for_status()
    found: str = answer.json()["id"]
    return found


async def ask_for_code(city: City, email: str = EMAIL) -> httpx2.Response:
    return await city.api.post("/v1/login/codes", json={"email": email})


async def log_in(city: City, code: str, email: str = EMAIL) -> httpx2.Response:
    return await city.api.post("/v1/login/tokens", json={"email": email, "code": code})


async def refresh(city: City, tokens: dict[str, Any]) -> httpx2.Response:
    return await city.api.post("/v1/login/refresh", json={"refresh_token": tokens["refresh_token"]})


async def status_of(city: City, tokens: dict[str, Any]) -> int:
    """What the API answers to an access token."""
    return (await city.api.get("/v1/members/me", headers=bearer(tokens))).status_code


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_a_member_registers_logs_in_by_mail_goes_on_and_logs_out(city: City) -> None:
    me = await registered(city)

    first = await city.tokens(EMAIL)
    account = await city.get("/v1/members/me", bearer(first))
    second = (await refresh(city, first)).json()
    ended = await city.api.post("/v1/login/revoke", json={"refresh_token": second["refresh_token"]})

    assert (account["member_id"], account["email_verified"]) == (me, True)
    assert (first["subject"], first["role"], first["token_type"], first["expires_in"] > 0) == (
        me,
        "member",
        "Bearer",
        True,
    )
    assert (ended.status_code, ended.json()) == (200, {"logged_out": True})
    assert [await status_of(city, tokens) for tokens in (first, second)] == [401, 401]
    assert (await refresh(city, second)).status_code == 401


async def test_a_member_sees_where_she_is_logged_in_and_ends_the_lost_phone_and_nothing_else(city: City) -> None:
    await registered(city)
    phone = await city.tokens(EMAIL)
    old = await city.code_to(EMAIL)
    await ask_for_code(city)
    laptop = (await log_in(city, await city.code_to(EMAIL, old=old))).json()
    stranger = await city.member()

    shown = (await city.get("/v1/login/sessions", bearer(laptop)))["sessions"]
    lost = f"/v1/login/sessions/{shown[1]['session_id']}/revoke"
    by_a_stranger = await city.post(lost, None, stranger)
    before = await status_of(city, phone)
    (await city.post(lost, None, bearer(laptop))).raise_for_status()

    assert [(session["current"], session["method"]) for session in shown] == [(True, "mail_code"), (False, "mail_code")]
    assert (by_a_stranger.status_code, before) == (200, 200)
    assert [await status_of(city, tokens) for tokens in (phone, laptop)] == [401, 200]
    assert (await refresh(city, phone)).status_code == 401
    left = (await city.get("/v1/login/sessions", bearer(laptop)))["sessions"]
    assert left == shown[:1]


@pytest.mark.parametrize("erased", [False, True])
async def test_registering_again_with_the_same_key_gives_the_id_and_nothing_to_get_in_by(
    city: City, erased: bool
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await city.api.post("/v1/members", json=ADA, headers=key)
    await city.tokens(EMAIL)
    if erased:
        agent, path = city.token(Role.AGENT), f"/v1/members/{first.json()['id']}/erase"
        (await city.post(path, {"reason": "asked by letter"}, agent)).raise_for_status()

    again = await city.api.post("/v1/members", json=ADA, headers=key)

    assert again.json() == {**first.json(), "repeated": True}
    assert again.json().keys() == {"id", "position", "repeated"}


async def test_a_refresh_token_that_comes_twice_ends_the_session_of_both_who_have_it(city: City) -> None:
    me = await registered(city)
    stolen = await city.tokens(EMAIL)
    owners = (await refresh(city, stolen)).json()

    thiefs = await refresh(city, stolen)

    assert thiefs.status_code == 401
    assert (await refresh(city, owners)).status_code == 401
    assert [await status_of(city, tokens) for tokens in (stolen, owners)] == [401, 401]
    events = city.running.store.read(topics=[Sessions.RefreshTokenReused.TOPIC])
    assert [recorded.metadata.actor.id async for recorded in events] == [me]


async def test_of_two_requests_at_once_with_one_refresh_token_the_session_ends(city: City) -> None:
    await registered(city)
    tokens = await city.tokens(EMAIL)

    answers = await asyncio.gather(*(refresh(city, tokens) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers)[-3:] == [401, 401, 401]
    assert await status_of(city, tokens) == 401


async def test_a_code_is_good_once_and_for_ten_minutes(city: City, installation: Installation) -> None:
    await registered(city)
    code = await city.code_to(EMAIL)
    once = await log_in(city, f" {code[:4].lower()}-{code[4:]} ")
    twice = await log_in(city, code)
    await ask_for_code(city)
    late = await city.code_to(EMAIL, old=code)
    installation.clock.let_pass(CODE_LIFE + timedelta(seconds=1))

    too_late = await log_in(city, late)

    assert [answer.status_code for answer in (once, twice, too_late)] == [200, 401, 401]


async def test_of_hundreds_of_wrong_codes_a_few_are_looked_at_and_they_end_the_right_one(
    city: City, installation: Installation
) -> None:
    await registered(city)
    code = await city.code_to(EMAIL)

    first = [await log_in(city, f"WRNG{number:04d}") for number in range(FREE_TRIES)]
    after = [await log_in(city, f"WRNG{number:04d}") for number in range(300)]
    installation.clock.let_pass(LONGEST_WAIT)
    right = await log_in(city, code)

    assert [answer.status_code for answer in first] == [401] * FREE_TRIES
    refused = [answer for answer in after if answer.status_code == 429]
    assert len(refused) > 295  # however long it takes, since each wait is twice as long as the one before
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert right.status_code == 401


async def test_wrong_codes_at_once_are_counted_one_by_one(city: City) -> None:
    await registered(city)
    await city.code_to(EMAIL)

    answers = await asyncio.gather(*(log_in(city, f"WRNG{number:04d}") for number in range(40)))

    assert sorted(answer.status_code for answer in answers) == [401] * FREE_TRIES + [429] * (40 - FREE_TRIES)


async def test_an_address_that_nobody_has_an_erased_and_a_blocked_one_are_answered_like_a_members(city: City) -> None:
    agent, because = city.token(Role.AGENT), {"reason": "asked by letter"}
    people = {"member@example.org": None, "erased@example.org": "erase", "blocked@example.org": "block"}
    for email, what in people.items():
        me = await registered(city, email)
        await city.tokens(email)
        if what:
            (await city.post(f"/v1/members/{me}/{what}", because, agent)).raise_for_status()
    await city.settled()

    answers = {email: await answers_to(city, email) for email in people}
    await ask_for_code(city, STRANGER)  # as a registration counts for members
    strangers = await answers_to(city, STRANGER)

    assert set(map(str, answers.values())) == {str(strangers)}
    assert {status for status, _ in strangers} == {202, 401, 429}


async def answers_to(city: City, email: str) -> list[tuple[int, dict[str, Any]]]:
    """Status and body of requests for a code until there are too many, and of wrong codes likewise."""
    asked = [await ask_for_code(city, email) for _ in WAITS]
    tried = [await log_in(city, "WRNGC0DE", email) for _ in range(FREE_TRIES + 2)]
    return [(answer.status_code, {**answer.json(), "detail": "", "request_id": ""}) for answer in (*asked, *tried)]


async def test_whoever_is_erased_is_mailed_no_code_and_their_tokens_end_at_once(city: City) -> None:
    me = await registered(city)
    tokens = await city.tokens(EMAIL)
    agent = city.token(Role.AGENT)

    (await city.post(f"/v1/members/{me}/erase", {"reason": "asked by letter"}, agent)).raise_for_status()
    await until(lambda: refused(city, tokens))
    await city.settled()
    await ask_for_code(city)
    await city.settled()

    assert (await refresh(city, tokens)).status_code == 401
    assert city.mails("login_code") == []
    left = await city.running.pool.fetch("select from csbe.login_addresses union all select from csbe.refresh_tokens")
    assert left == []


async def refused(city: City, tokens: dict[str, Any]) -> bool:
    return await status_of(city, tokens) == 401


async def test_a_blocked_member_still_gets_in_to_end_what_is_open(city: City) -> None:
    me = await registered(city)
    tokens = await city.tokens(EMAIL)

    (await city.post(f"/v1/members/{me}/block", {"reason": "unpaid"}, city.token(Role.AGENT))).raise_for_status()

    assert await status_of(city, tokens) == 200
    assert (await refresh(city, tokens)).status_code == 200


@pytest.mark.parametrize("by", ["oneself", "an agent"])
async def test_all_sessions_of_a_member_are_ended_at_once(city: City, by: str) -> None:
    me = await registered(city)
    code = await city.code_to(EMAIL)
    phone = (await log_in(city, code)).json()
    await ask_for_code(city)
    laptop = (await log_in(city, await city.code_to(EMAIL, old=code))).json()
    headers = bearer(phone) if by == "oneself" else city.token(Role.AGENT)
    body = {"reason": "the phone was stolen"} | ({} if by == "oneself" else {"role": "member", "subject": me})

    ended = await city.post("/v1/login/revoke-all", body, headers)

    assert ended.status_code == 200
    assert [await status_of(city, tokens) for tokens in (phone, laptop)] == [401, 401]
    assert [(await refresh(city, tokens)).status_code for tokens in (phone, laptop)] == [401, 401]


async def test_nobody_ends_the_sessions_of_others_whom_it_does_not_concern(city: City) -> None:
    mine, theirs = await registered(city), await registered(city, "grace@example.org")
    me, grace = await city.tokens(EMAIL), await city.tokens("grace@example.org")
    body = {"role": "member", "subject": theirs, "reason": "out of spite"}
    staff = {"role": "operator", "subject": "olga", "reason": "out of spite"}

    answers = [
        await city.post("/v1/login/revoke-all", body, bearer(me)),
        await city.post("/v1/login/revoke-all", staff, city.token(Role.AGENT)),
        await city.post("/v1/login/revoke-all", body, city.token(Role.PARTNER)),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert mine != theirs
    assert await status_of(city, grace) == 200


async def test_a_token_that_nobody_logged_in_for_ends_with_all_others(city: City) -> None:
    olga, operator = city.token(Role.OPERATOR, "olga"), city.token(Role.OPERATOR, "olaf")
    before = await city.api.get("/v1/vehicles", headers=olga)

    body = {"role": "operator", "subject": "olga", "reason": "the laptop was stolen"}
    (await city.post("/v1/login/revoke-all", body, operator)).raise_for_status()

    after = [await city.api.get("/v1/vehicles", headers=who) for who in (olga, operator)]
    assert [before.status_code, *(answer.status_code for answer in after)] == [200, 401, 200]


async def test_a_logout_is_known_to_every_process_within_a_second(installation: Installation) -> None:
    async with installation.started() as city:
        await registered(city)
        tokens = await city.tokens(EMAIL)
        other = installation.port + 1
        process = await installation.serve(Component.API, port=other)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{other}") as elsewhere:
            before = await elsewhere.get("/v1/members/me", headers=bearer(tokens))

            await city.api.post("/v1/login/revoke", json={"refresh_token": tokens["refresh_token"]})

            async def known() -> bool:
                return (await elsewhere.get("/v1/members/me", headers=bearer(tokens))).status_code == 401

            await until(known)
        process.terminate()
        await process.wait()
    assert before.status_code == 200
    assert POLL_SECONDS < ONE_SECOND


async def test_a_session_ends_that_was_not_used_for_a_month(city: City, installation: Installation) -> None:
    await registered(city)
    tokens = await city.tokens(EMAIL)
    installation.clock.let_pass(timedelta(days=29))
    still = await refresh(city, tokens)
    installation.clock.let_pass(timedelta(days=31))

    late = await refresh(city, still.json())

    assert (still.status_code, late.status_code) == (200, 401)


async def test_codes_to_one_address_are_few_and_ever_further_apart(city: City, installation: Installation) -> None:
    await registered(city)
    await city.code_to(EMAIL)
    asked = []
    for wait in (0, 0, 60, 299, 1, 900, 2220):  # the registration's code was the first
        installation.clock.let_pass(timedelta(seconds=wait))
        asked.append((await ask_for_code(city)).status_code)
    await city.settled()

    assert asked == [202, 429, 202, 429, 202, 202, 429]
    assert len(city.mails("login_code")) == 4


async def test_a_hundred_registrations_with_one_address_send_it_few_mails(city: City) -> None:
    for _ in range(100):
        with suppress(httpx2.HTTPStatusError):  # too many at last
            await registered(city)
    await city.settled()

    assert len(city.mails("verify_email")) == 2
