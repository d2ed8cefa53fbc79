"""The published schema of a service's text: up to date, and true of what is shipped."""

import json
import tomllib
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from domain.rulebook.schema import schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "rulebook.schema.json"
SERVICES = files("domain.rulebook") / "services"
SHIPPED = [file for folder in SERVICES.iterdir() if folder.is_dir() for file in folder.iterdir()]


def as_json(text: str) -> Any:
    told = json.dumps(
        tomllib.loads(text, parse_float=Decimal), default=lambda v: float(v) if isinstance(v, Decimal) else str(v)
    )
    return json.loads(told)


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == schema(), f"csbe rulebook schema > {PUBLISHED.name}"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_what_is_shipped_is_valid_by_it(file: Traversable) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema())

    assert not [str(error) for error in validator.iter_errors(as_json(file.read_text("utf-8")))]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("rate = 0.31", 'rate = "0.31"'),
        ('kind = "time"', 'kind = "tme"'),
        ('country = "DE"', 'contry = "DE"'),
        ('duration = "PT3H"', "duration = 10800"),
        ("hold = 30", 'hold = "30"'),
        ("version = 1", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_not(right: str, wrong: str) -> None:
    berlin = (SERVICES / "drivenow-europe" / "berlin.toml").read_text("utf-8")
    assert right in berlin

    assert not jsonschema_rs.Draft202012Validator(schema()).is_valid(as_json(berlin.replace(right, wrong, 1)))
