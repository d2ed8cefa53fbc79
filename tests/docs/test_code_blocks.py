"""The code in README and docs: Python is executed; shell is parsed, its `csbe` calls are checked."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.routing import APIRoute
from typer.core import TyperGroup

from api.rest.application import ROUTERS

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [match["code"] for match in FENCE.finditer(page.read_text("utf-8")) if match["language"] == language]


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def csbe_calls() -> Iterator[tuple[Path, list[str]]]:
    for page in PAGES:
        lines = (line.strip() for code in blocks(page, "bash") for line in code.splitlines())
        calls = (shlex.split(line) for line in lines if line.startswith("csbe "))
        yield from ((page, call[1:]) for call in calls)


def rest_calls() -> Iterator[tuple[Path, str, str]]:
    for page in PAGES:
        for call in re.findall(r"^curl (?:.*\\\n)*.*$", "\n".join(blocks(page, "bash")), re.MULTILINE):
            path = re.search(r"\$API([^\"?]*)", call)
            assert path, f"{page}: {call}"
            yield page, "POST" if " -d " in call or " -X POST " in call else "GET", re.sub(r"\$\w+", "{}", path[1])


def name_of(value: object) -> str:
    if isinstance(value, Path):
        return str(value.relative_to(ROOT))
    return " ".join(value) if isinstance(value, list) else str(value)


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}

    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), names)  # noqa: S102 (that is the point: the reader would run it too)


@pytest.mark.parametrize("page", pages_with("bash"), ids=name_of)
def test_the_shell_lines_of_a_page_can_be_parsed(page: Path) -> None:
    for code in blocks(page, "bash"):
        parsed = subprocess.run(["/bin/bash", "-n"], input=code, text=True, capture_output=True, check=False)

        assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize(("page", "call"), list(csbe_calls()), ids=name_of)
def test_a_csbe_call_in_a_page_names_a_command_and_options_that_exist(page: Path, call: list[str]) -> None:
    from api.cli import app  # noqa: PLC0415 (only these tests need the program)

    command: Any = typer.main.get_command(app)  # a group or a command of typer's own click
    words = list(call)
    while isinstance(command, TyperGroup) and words:
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in option.opts} | {"--help"}

    assert {word for word in words if word.startswith("--")} <= known, page


@pytest.mark.parametrize(("page", "method", "path"), list(rest_calls()), ids=name_of)
def test_a_curl_call_in_a_page_asks_for_a_route_that_exists(page: Path, method: str, path: str) -> None:
    routes = [route for part in ROUTERS for route in part.routes if isinstance(route, APIRoute)]
    known = {(verb, re.sub(r"\{\w+\}", "{}", route.path)) for route in routes for verb in route.methods or ()}

    assert (method, f"/v1{path}") in known, page
