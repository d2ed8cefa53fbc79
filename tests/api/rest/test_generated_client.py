"""Whoever generates a client from the OpenAPI document plays a trip with it, by the names and types that it says."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from domain.kernel.messages import Role
from tests.api.rest.test_openapi import DOCUMENT
from tests.support.city import CARD, City
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")
PACKAGE = "csbe_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A package of this name, made from the document."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_text(json.dumps(DOCUMENT))
    config = Config.from_sources(
        ConfigFile(post_hooks=[], content_type_overrides={"application/pdf": "application/octet-stream"}),
        MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=True,
        output_path=folder / PACKAGE,
    )
    assert generate(config=config) == [], "the document has something that clients cannot be made from"
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


class Asking:
    """Somebody with the generated client."""

    def __init__(self, city: City, token: str | None = None) -> None:
        made, url = import_module(f"{PACKAGE}.client"), str(city.api.base_url).rstrip("/")
        self._client = made.Client(url) if token is None else made.AuthenticatedClient(url, token)

    async def __call__(self, operation: str, *ids: str, body: Any = None, **more: Any) -> Any:  # of generated types
        """Ask by operation id; a command under a key of its own, a body as its generated model."""
        section = next(o["tags"][0] for o in OPERATIONS if o["operationId"] == operation)
        asked = import_module(f"{PACKAGE}.api.{section}.{operation}")
        if "idempotency_key" in asked._get_kwargs.__annotations__:
            more["idempotency_key"] = str(uuid4())
        given = {} if body is None else {"body": body}
        answer = await asked.asyncio(*ids, client=self._client, **given, **more)
        assert type(answer).__name__ != "ProblemDocument", answer
        return answer


OPERATIONS = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]


def model(kind: str, /, **fields: Any) -> Any:  # of a generated type
    return getattr(import_module(f"{PACKAGE}.models"), kind)(**fields)


async def test_a_generated_client_plays_a_trip_from_the_registration_to_the_invoice(
    generated: None, shared_city: City
) -> None:
    del generated
    city, anybody = shared_city, Asking(shared_city)
    agent = Asking(city, city.token(Role.AGENT)["Authorization"].removeprefix("Bearer "))
    car, email = await city.car(1), "ada@example.org"

    who = model("Registration", city_id="berlin", name="Ada", email=email, birth_date=date(1990, 5, 17))
    me = str((await anybody("register_member", body=who)).id)
    code = model("CodeLogin", email=email, code=await city.code_to(email))
    ada = Asking(city, (await anybody("log_in", body=code)).access_token)
    dates = {"issued_on": date(2015, 1, 1), "expires_on": date(2039, 1, 1)}
    licence = model("LicenceBody", number="B072RRE2I55", country="DE", **dates)
    seen = (await ada("submit_licence", me, body=licence)).position
    [waiting] = (await agent("list_members", licence_state="submitted", at_least=seen)).members
    await agent("verify_licence", str(waiting.member_id))
    card = {**CARD, "expires_on": date.fromisoformat(CARD["expires_on"])}
    await ada("add_payment_method", me, body=model("PaymentMethodBody", token="tok_visa", **card))

    quote = await ada("quote_trip", body=model("QuoteBody", vehicle_id=car.vehicle_id, driving_min=10))
    held = await ada("place_reservation", body=model("ReservationBody", vehicle_id=car.vehicle_id))
    trip = model("TripBody", vehicle_id=car.vehicle_id, reservation_id=held.id)
    trip_id = str((await ada("start_trip", body=trip)).id)
    await in_state(ada, trip_id, "running")
    await city.drive(car, 25, city.token(Role.OPERATOR))
    await ada("end_trip", trip_id)
    ended = await in_state(ada, trip_id, "ended")
    await city.settled()
    [invoice] = (await ada("list_invoices")).invoices
    document = await ada("get_invoice_document", str(invoice.invoice_id))

    assert quote.estimate.gross.amount_minor > 0
    assert (str(ended.member_id), str(invoice.payer_id)) == (me, me)
    assert invoice.gross_minor > 0
    assert document.payload.read().startswith(b"%PDF-")


async def in_state(somebody: Asking, trip_id: str, state: str) -> Any:  # of a generated type
    async with asyncio.timeout(PATIENCE_S):
        while (trip := await somebody("get_trip", trip_id)).state != state:
            await asyncio.sleep(0.02)
    return trip
