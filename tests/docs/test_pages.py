"""The start page leads to all pages, and a file that a page names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
ARCHITECTURE = (DOCS / "explanation" / "architecture.md").read_text("utf-8")

LINK = re.compile(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)")
NAMED = re.compile(r"`((?:domain|projections|adapters|api|tests|docs)/[\w./-]*)`")
CALLED = re.compile(r"`(\w+)`")


def leads_to(page: Path) -> set[Path]:
    return {(page.parent / link).resolve() for link in LINK.findall(page.read_text("utf-8"))} & set(PAGES)


def test_the_start_page_leads_to_every_page() -> None:
    reached, ahead = set[Path](), {DOCS / "index.md"}
    while ahead:
        reached |= ahead
        ahead = {target for page in ahead for target in leads_to(page)} - reached

    assert set(PAGES) - reached == set()


def test_the_readme_leads_to_the_start_page() -> None:
    assert "(docs/index.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.stem)
def test_a_file_or_folder_that_a_page_names_is_there(page: Path) -> None:
    named = set(NAMED.findall(page.read_text("utf-8")))

    assert {name for name in named if not (ROOT / name).exists()} == set()


def calls_on(variable: str) -> Iterator[str]:
    """Names of the methods that rental calls on what it calls a vehicle, or a member."""
    for file in (ROOT / "domain" / "rental").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == variable
            ):
                yield node.func.attr


@pytest.mark.parametrize("aggregate", ["Vehicle", "Member"])
def test_what_rental_calls_of_another_context_is_what_the_architecture_allows(aggregate: str) -> None:
    [row] = re.findall(rf"^\| `{aggregate}` \| (.*) \|$", ARCHITECTURE, re.MULTILINE)

    assert set(calls_on(aggregate.lower())) == set(CALLED.findall(row))
