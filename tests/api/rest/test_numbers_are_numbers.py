"""A number that is asked for is a number: neither `true` nor a text is taken for one, and no number for yes or no.

Amounts and rates that are decimals by definition are given as text.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import api.rest.application  # noqa: F401 (and with it every body)
from api.rest.schemas.base import Body
from domain import contexts
from domain.kernel.messages import Command, Role
from tests.support.city import City

LAX = {"int", "float", "bool"}
"""What pydantic makes of texts, and of each other, unless it is told to be strict."""


def descendants(base: type[BaseModel]) -> list[type[BaseModel]]:
    found = [deeper for child in base.__subclasses__() for deeper in (child, *descendants(child))]
    return sorted(set(found), key=lambda model: model.__qualname__)


def lax_numbers(schema: Any, path: str = "") -> Iterator[str]:
    """Where a schema takes what is no number for one."""
    if isinstance(schema, dict):
        if schema.get("type") in LAX and not schema.get("strict"):
            yield path
        for key, value in schema.items():
            yield from lax_numbers(value, f"{path}.{key}" if key not in {"schema", "fields"} else path)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from lax_numbers(value, path)


@pytest.mark.parametrize("model", [*descendants(Command), *descendants(Body)], ids=lambda model: model.__qualname__)
def test_whatever_is_asked_for_takes_no_text_for_a_number(model: type[BaseModel]) -> None:
    assert [*lax_numbers(model.__pydantic_core_schema__)] == []


def test_every_command_and_body_is_looked_at() -> None:
    assert set(contexts.COMMANDS.values()) <= set(descendants(Command))
    assert "ZoneBody" in {model.__name__ for model in descendants(Body)}


@pytest.mark.parametrize("degrees", ["true", '"52.5"'])
async def test_a_zone_is_drawn_by_numbers(city: City, degrees: str) -> None:
    ring = f"[[13.3, 52.5], [13.4, {degrees}], [13.4, 52.6], [13.3, 52.5]]"
    body = f'{{"city_id": "berlin", "kind": "no_parking", "name": "Drawn", "polygons": [[{ring}]]}}'
    headers = {"Idempotency-Key": "drawn", "Content-Type": "application/json", **city.token(Role.OPERATOR)}

    answer = await city.api.post("/v1/zones", content=body, headers=headers)

    assert answer.status_code == 422
    assert "Write a number" in answer.text
