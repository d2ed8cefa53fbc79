"""Every role at every route, every webhook and every table: whoever has no business there is refused."""

from datetime import UTC, datetime, timedelta
from re import sub
from uuid import uuid4

import asyncpg
import pytest
from fastapi.routing import APIRoute

from api.auth import SCOPES
from api.composition import make_read_models
from api.rest.application import ROUTERS
from domain.contexts import EVENTS
from domain.kernel.messages import Role
from domain.webhooks.subscription import EventFilter, type_of
from tests.support.databases import login
from tests.support.routes import AUTHORITY, SERVICE, application, asked

ROUTES = [route for part in ROUTERS for route in part.routes if isinstance(route, APIRoute)]
OPEN = {
    "GET /.well-known/jwks.json",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "GET /v1/login/staff",
    "GET /v1/login/staff/callback",
    "POST /v1/login/codes",
    "POST /v1/login/pages",
    "POST /v1/login/refresh",
    "POST /v1/login/revoke",
    "POST /v1/login/tokens",
    "POST /v1/members",
    "POST /v1/providers/stripe/webhooks",
}
"""What asks for no token: health, what comes before one has a token, and what has a signature instead."""
WITH_ANY_TOKEN = {"GET /v1/login/sessions", "POST /v1/login/sessions/{session_id}/revoke"}
"""What is about nobody but who asks."""


def scopes_of(route: APIRoute) -> set[str]:
    return {scope for needed in route.dependant.dependencies for scope in getattr(needed.call, "scopes", ())}


def labels(route: APIRoute) -> list[str]:
    return [f"{method} {route.path}" for method in sorted(route.methods or ())]


def test_only_known_routes_are_open_to_everybody() -> None:
    assert {label for route in ROUTES if not scopes_of(route) for label in labels(route)} == OPEN | WITH_ANY_TOKEN


@pytest.mark.parametrize("role", [*Role, None])
async def test_a_role_is_refused_at_every_route_whose_scopes_it_lacks(role: Role | None) -> None:
    at, subject = datetime.now(UTC), str(uuid4())
    headers = {"Idempotency-Key": "mine"}
    if role is not None:
        token = AUTHORITY.issue(role, subject, service=SERVICE, at=at, expires_in=timedelta(minutes=5))
        headers["Authorization"] = f"Bearer {token}"
    wrong = [route for route in ROUTES if scopes_of(route) and not (role and scopes_of(route) & SCOPES[role])]
    wrong += [route for route in ROUTES if role is None and WITH_ANY_TOKEN.intersection(labels(route))]

    answers = {}
    async with asked(application(), **headers) as api:
        for route in wrong:
            for method in route.methods or ():
                path = sub(r"\{\w+\}", str(uuid4()), route.path)
                answers[f"{method} {path}"] = (await api.request(method, path)).status_code

    assert len(answers) > 20
    assert {label for label, status in answers.items() if status != (401 if role is None else 403)} == set()


@pytest.mark.parametrize("topic", EVENTS)
def test_a_partner_subscribes_to_nothing_but_cars_and_trips(topic: str) -> None:
    is_open = topic.startswith(("fleet.", "rental."))
    wider = [type_of(topic)[:end] for end in range(1, len(type_of(topic))) if type_of(topic)[end - 1] == "."]

    closed = EventFilter(types=(type_of(topic), *wider)).closed_to(Role.PARTNER)

    assert (type_of(topic) in closed) is not is_open
    assert [one for one in wider if one not in closed] == (wider[1:] if is_open else [])


_READABLE = """
select format('%I.%I', nspname, relname) as name, nspname from pg_class join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'v', 'm', 'p', 'S') and nspname !~ '^pg_|^information_schema$'
    and (case when relkind = 'S' then has_sequence_privilege(pg_class.oid, 'usage, select, update')
        else has_table_privilege(pg_class.oid, 'select, insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege(pg_class.oid, 'select, insert, update, references') end)
"""
_CALLABLE = """
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = pronamespace
where nspname = 'csbe' and has_function_privilege(p.oid, 'execute')
"""


async def test_an_analyst_reads_the_reports_by_sql_and_calls_nothing(owner_dsn: str, postgres_dsn: str) -> None:
    await make_read_models(postgres_dsn)
    connection = await asyncpg.connect(await login(owner_dsn, "analyst"))
    try:
        readable = await connection.fetch(_READABLE)
        functions = await connection.fetch(_CALLABLE)
    finally:
        await connection.close()

    assert {row["nspname"] for row in readable} == {"reports"}
    assert functions == []
