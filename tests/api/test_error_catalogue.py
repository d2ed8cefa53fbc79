"""Every error that code can raise is explained, and nothing is explained that it cannot."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api.error_catalogue import PROBLEMS, VIOLATIONS, address_of
from domain.kernel.messages import Role
from tests.support.city import City

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z_]+\.[a-z_]+")


def trees(*packages: str) -> Iterator[ast.AST]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(file.read_text("utf-8"))


def codes(tree: ast.AST) -> Iterator[str]:
    """The codes that a file gives to violations; of one that is put together, its beginning."""
    for value in named_code(tree):
        beginnings = {id(part.values[0]) for part in ast.walk(value) if isinstance(part, ast.JoinedStr)}
        for part in ast.walk(value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                yield part.value + ("*" if id(part) in beginnings else "")


def named_code(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=value) | ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield value


def kinds(tree: ast.AST) -> Iterator[str]:
    """The kinds that a file gives to problems."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Problem" | "cls"), args=[_, ast.Constant(value=kind), _, *_]):
                yield str(kind)


VIOLATED = {code for tree in trees("domain", "api") for code in codes(tree)}
RAISED = {kind for tree in trees("api") for kind in kinds(tree)} | {"method-not-allowed", "not-found", "http"}


def test_every_violation_that_code_can_raise_is_explained() -> None:
    missing = {
        code
        for code in VIOLATED
        if not any(known.startswith(code[:-1]) if code.endswith("*") else known == code for known in VIOLATIONS)
    }

    assert missing == set()
    assert len(VIOLATED) > 80


def test_no_violation_is_explained_that_code_cannot_raise() -> None:
    beginnings = tuple(code[:-1] for code in VIOLATED if code.endswith("*"))

    assert {code for code in VIOLATIONS if code not in VIOLATED and not code.startswith(beginnings)} == set()


def test_the_problems_explained_are_those_that_there_are() -> None:
    assert PROBLEMS.keys() == RAISED


@pytest.mark.parametrize("entry", [*PROBLEMS.items(), *VIOLATIONS.items()], ids=lambda entry: entry[0])
def test_what_an_error_means_and_what_helps_are_sentences(entry: tuple[str, tuple[str, str]]) -> None:
    for sentence in entry[1]:
        assert sentence[0].isupper() or sentence[0] == "`"
        assert sentence.endswith(".")


async def test_a_problem_leads_to_its_explanation_and_so_does_each_violation(city: City) -> None:
    member, car, other = await city.member(), await city.car(1), await city.member()
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    (await city.post("/v1/reservations", vehicle, other)).raise_for_status()

    refused = (await city.post("/v1/reservations", vehicle, member)).json()
    missing = (await city.api.get(f"/v1/trips/{car.vehicle_id}", headers=city.token(Role.AGENT))).json()
    page = await city.api.get("/errors")

    assert refused["help"] == address_of("refused")
    assert [violation["help"] for violation in refused["violations"]] == [address_of("vehicle.reserved")]
    assert missing["help"] == address_of("not-found")
    for found in (refused["help"], missing["help"], refused["violations"][0]["help"]):
        assert f'id="{found.partition("#")[2]}"' in page.text
    assert httpx2.URL("http://csbe/v1/trips/1").join(missing["help"]).path == "/errors"
