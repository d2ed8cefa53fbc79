"""The comments of views for analysts, made from those of the tables that they show."""

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"^comment on (?:table|view|column) (?:reports\.)?([\w.]+) is ('.*');\n?", re.MULTILINE)
_VIEW = re.compile(r"^create or replace view reports\.(\w+) as\s[^;]*;", re.MULTILINE)
_AS_IT_IS = re.compile(r"\sas\s+select ([^;]*?)\s+from read_v1\.(\w+);$")
_NOT_IN_BRACKETS = re.compile(r",\s*(?![^()]*\))")


def commented(views: str, tables: str) -> str:
    """The SQL of views with a comment on each of them and on each column, in the order in which they are shown.

    Where it has none of its own, a view that shows a table has the comment of it, and so has a column that is shown as
    it is. A column that is computed means something else, and needs one of its own, as all of a view over more does.
    """
    own, said = _comments(views), _comments(tables)
    lines: list[str] = []
    for found in _VIEW.finditer(views):
        view, shown = found[1], _AS_IT_IS.search(found[0])
        if shown is None:
            lines += _of(view, own)
            continue
        columns, table = shown.groups()
        lines += _line("view", view, own.get(view) or said.get(table))
        for column in _NOT_IN_BRACKETS.split(columns):
            name = column.split()[-1]
            as_it_is = said.get(f"{table}.{name}") if name == column else None
            lines += _line("column", f"{view}.{name}", own.get(f"{view}.{name}") or as_it_is)
    return _COMMENT.sub("", views) + "".join(lines)


def _of(view: str, own: dict[str, str]) -> Iterator[str]:
    """All that a view says itself."""
    yield from _line("view", view, own.get(view))
    for name, text in own.items():
        if name.startswith(f"{view}."):
            yield from _line("column", name, text)


def _comments(sql: str) -> dict[str, str]:
    return dict(_COMMENT.findall(sql))


def _line(kind: str, name: str, text: str | None) -> Iterator[str]:
    if text:
        yield f"comment on {kind} reports.{name} is {text};\n"
