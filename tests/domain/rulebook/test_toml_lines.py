"""Lines of values: the same values that `tomllib` reads, each where it stands."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rulebook.shapes import Path
from domain.rulebook.toml_lines import lines_of

SERVICES = files("domain.rulebook") / "services"
SHIPPED = [file for folder in SERVICES.iterdir() if folder.is_dir() for file in folder.iterdir()]

AWKWARD = '''
# a = 1
"quo.ted" . 'key' = """
[not.a.table]
x = "y" \\"""
"""
plain = [ # { ]
  1.5, -2e-3, 2015-01-01 12:00:00Z, 22:00:00,
  [ [ ], "]" , ],
  { a.b = 1, "c" = [ { d = '}' } ] },
]
ends = """a""""
[table . sub]
x = 1
[[list]]
[[list.inner]]
y = true
[[list.inner]]
[list.inner.deep]
z = \'\'\'
]]\'\'\'
[[list]]
[table]
w = 0
'''


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from paths(part, (*path, key))


def test_awkward_toml_has_the_lines_that_one_would_point_at() -> None:
    lines = lines_of(AWKWARD)

    assert lines["quo.ted", "key"] == 3
    assert (lines["plain",], lines["plain", 1], lines["plain", 4, 1]) == (7, 8, 9)
    assert lines["plain", 5, "c", 0, "d"] == 10
    assert (lines["list", 0, "inner", 1, "deep", "z"], lines["list", 1], lines["table", "w"]) == (20, 22, 24)


@pytest.mark.parametrize("text", [AWKWARD, *(file.read_text("utf-8") for file in SHIPPED)])
def test_every_value_has_a_line_and_nothing_else_has(text: str) -> None:
    assert set(lines_of(text)) == set(paths(tomllib.loads(text)))


keys = st.sampled_from(["a", "b-1", '"c d"', "'e.f'", '"\\u00e4"'])
scalars = st.sampled_from(
    ['"[x"', "'}#'", '"\\""', "1.5", "-3", "true", "22:00:00", "2015-01-01 00:00:00Z", '"""\n]"""']
)
gaps = st.sampled_from(["", " ", "\n", " # ]\n"])


@st.composite
def arrays(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(values, max_size=4))
    return f"[{''.join(draw(gaps) + item + draw(gaps) + ',' for item in items)}{draw(gaps)}]"


@st.composite
def tables(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    pairs = draw(st.dictionaries(keys, values, max_size=3))
    return "{" + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + "}"


documents = st.lists(
    st.tuples(
        st.sampled_from(["", "[[list]]\n", "[[list.more]]\n", "# [x]\n\n"]),
        st.recursive(scalars, lambda values: arrays(values) | tables(values), max_leaves=8),
    ),
    max_size=6,
).map(lambda parts: "".join(f"{head}k{n} = {value}\n" for n, (head, value) in enumerate(parts)))


@given(documents)
def test_whatever_tomllib_reads_has_lines_for_the_same_values(text: str) -> None:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    lines = lines_of(text)

    assert set(lines) == set(paths(read))
    for path, line in lines.items():
        if isinstance(path[-1], str) and path[-1].startswith("k"):
            assert text.split("\n")[line - 1].startswith(path[-1])
