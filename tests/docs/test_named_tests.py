"""A guarantee in docs names the test that shows it: each one must be there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(?P<file>tests/[\w/]+\.py)(?:::(?P<test>[\w:]+))?`")
GUARANTEES = sorted((ROOT / "docs" / "explanation" / "guarantees").glob("*.md"))


def named_tests() -> Iterator[tuple[str, str, str | None]]:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for found in NAMED.finditer(page.read_text("utf-8")):
            yield str(page.relative_to(ROOT)), found["file"], found["test"]


@pytest.mark.parametrize(("page", "file", "test"), list(named_tests()))
def test_a_test_that_a_page_names_is_there(page: str, file: str, test: str | None) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if hasattr(node, "name") and isinstance(node.name, str)}

    assert test is None or set(test.split("::")) <= names, f"{page} names {test}, which is not in {file}"


@pytest.mark.parametrize("page", GUARANTEES, ids=lambda page: page.stem)
def test_every_guarantee_names_tests(page: Path) -> None:
    assert NAMED.search(page.read_text("utf-8").split("## What shows it")[1])
