"""Files and functions keep to the sizes of the decision about them, all but those that it names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECISION = (ROOT / "docs" / "decisions" / "0016-longer-files.md").read_text("utf-8")

LIMITS = {
    package: (int(of_file), int(of_function))
    for package, of_file, of_function in re.findall(r"^\| `(\w+)/` \| (\d+) \| (\d+) \|$", DECISION, re.MULTILINE)
}
"""Lines of a file and of a function, for each package."""
NAMED = re.findall(r"^\| `([\w/]+\.py(?:::\w+)?)` \|", DECISION, re.MULTILINE)
"""Files, and functions as `file.py::function`."""


def functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def too_long() -> Iterator[str]:
    for package, (of_file, of_function) in LIMITS.items():
        for file in sorted((ROOT / package).rglob("*.py")):
            name, text = file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
            if len(text.splitlines()) > of_file:
                yield name
            yield from (f"{name}::{function}" for function, lines in functions(text) if lines > of_function)


def test_every_package_has_limits() -> None:
    assert set(LIMITS) == {"domain", "projections", "adapters", "api"}


def test_nothing_is_too_long_but_what_the_decision_names() -> None:
    assert set(too_long()) - set(NAMED) == set()


def test_what_the_decision_names_is_still_too_long() -> None:
    assert set(NAMED) - set(too_long()) == set()


def test_the_decision_names_six_at_most() -> None:
    assert len(NAMED) <= 6
