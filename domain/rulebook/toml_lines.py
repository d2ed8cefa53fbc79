"""On which line of a TOML text each value stands. `tomllib` reads TOML but does not tell."""

import re
import tomllib
from collections import defaultdict

from domain.rulebook.shapes import Path

_TOKEN = re.compile(
    r'''(?P<blank>[ \t\r]+|\#[^\n]*)
    |(?P<string>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<newline>\n)
    |(?P<mark>[\[\]{}=,.])
    |(?P<bare>[^\s\[\]{}=,."'\#]+)''',
    re.VERBOSE | re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from 1, of each table, key and item of an array. The text is one that `tomllib` reads."""
    return _Reader(text).lines


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = defaultdict(int)
        self._tokens = [*_tokens(text), ("end", "", 0)]
        self._next = 0
        table: Path = ()
        while self._peek() != ("end", ""):
            if self._took("newline", "\n"):
                continue
            if self._took("mark", "["):
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> tuple[str, str]:
        kind, token, _ = self._tokens[self._next]
        return kind, token

    def _took(self, kind: str, token: str) -> bool:
        found = self._peek() == (kind, token)
        self._next += found
        return found

    @property
    def _line(self) -> int:
        return self._tokens[self._next][2]

    def _note(self, path: Path, line: int) -> Path:
        self.lines.setdefault(path, line)
        return path

    def _header(self) -> Path:
        """`[a.b]`, or `[[a.b]]` for one more item of an array; within such an array, a name means its last item."""
        line, is_item = self._line, self._took("mark", "[")
        *above, last = self._key()
        path: Path = ()
        for part in above:
            path = self._note((*path, part), line)
            path = (*path, self._tables[path] - 1) if path in self._tables else path
        path = self._note((*path, last), line)
        if is_item:
            self._tables[path] += 1
            path = self._note((*path, self._tables[path] - 1), line)
        self._next += 1 + is_item
        return path

    def _key(self) -> list[str]:
        parts = [self._name()]
        while self._took("mark", "."):
            parts.append(self._name())
        return parts

    def _name(self) -> str:
        kind, token = self._peek()
        self._next += 1
        return str(tomllib.loads(f"name = {token}")["name"]) if kind == "string" else token

    def _pair(self, table: Path) -> None:
        path, line = table, self._line
        for part in self._key():
            path = self._note((*path, part), line)
        self._next += 1  # the sign between key and value
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._took("mark", "["):
            self._array(path)
        elif self._took("mark", "{"):
            while not self._took("mark", "}"):
                if not self._took("mark", ","):
                    self._pair(path)
        else:
            self._next += 1
            while self._peek()[0] in {"bare", "string"} or self._peek() == ("mark", "."):  # 1.5, or a date and a time
                self._next += 1

    def _array(self, path: Path) -> None:
        index = 0
        while not self._took("mark", "]"):
            if not (self._took("newline", "\n") or self._took("mark", ",")):
                self._value(self._note((*path, index), self._line))
                index += 1


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, line = [], 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "blank":
            found.append((match.lastgroup, match[0], line))
        line += match[0].count("\n")
    return found
