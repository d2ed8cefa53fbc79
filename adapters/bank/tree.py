"""XML of a bank as a tree of plain names: of bounded size, without entities, and never anything from elsewhere."""

from collections import deque
from collections.abc import Iterator
from xml.parsers import expat

MOST_BYTES = 32 * 1024 * 1024
MOST_ELEMENTS = 1_000_000
DEEPEST = 200
LONGEST_TEXT = 100_000


class UnreadableBankFileError(ValueError):
    """Nothing can be read from a file; the text says why, and what would help."""


class Node:
    """An element by its name without a prefix, with its text and its children."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""

    def all(self, path: str) -> list["Node"]:
        """What stands at a path such as `Acct/Id/IBAN`, in the order of the file."""
        found = [self]
        for name in path.split("/"):
            found = [child for node in found for child in node.children if child.name == name]
        return found

    def first(self, *paths: str) -> "Node | None":
        """The first that stands at one of the paths; an earlier path wins."""
        return next((node for path in paths for node in self.all(path)), None)

    def said(self, *paths: str) -> str | None:
        """The first text that is not empty at one of the paths, without blanks around it."""
        return next((text for path in paths for node in self.all(path) if (text := node.text.strip())), None)

    def within(self, *names: str) -> Iterator["Node"]:
        """This and all below it that have one of the names, wherever they stand; not what is inside of those."""
        left = deque([self])
        while left:
            node = left.popleft()
            if node.name in names:
                yield node
            else:
                left.extend(node.children)


def tree(data: bytes) -> Node:
    """The root of a file. Raises `UnreadableBankFileError`."""
    _check_kind(data)
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data.lstrip(b" \t\r\n"), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise UnreadableBankFileError(
            f"line {error.lineno}: {why}. It may have been cut off, or be in another encoding than it says: "
            "fetch it from the bank again, and do not open and save it in between"
        ) from error
    except (LookupError, ValueError) as error:
        if isinstance(error, UnreadableBankFileError):
            raise
        raise UnreadableBankFileError(f"it is in an encoding that is not known here: {error}") from error
    return builder.top.children[0]


def _check_kind(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise UnreadableBankFileError(
            f"it has {len(data)} bytes, and {MOST_BYTES} are read at most: have the bank split it by day or account"
        )
    if not data.strip():
        raise UnreadableBankFileError("it is empty: fetch it from the bank again")
    if data.startswith(b"PK\x03\x04"):
        raise UnreadableBankFileError("it is a ZIP archive: unpack it and give the files in it one by one")
    if data.lstrip().startswith((b":20:", b"{1:")):
        raise UnreadableBankFileError("it is an MT940 file: have the bank send camt.053 or camt.054")


def _refuse_doctype(*_: object) -> None:
    raise UnreadableBankFileError("it declares a document type, which no bank's file does: do not use it")


class _Builder:
    """Puts a tree together from what the parser tells."""

    def __init__(self) -> None:
        self.top = Node("", {})
        self._open = [self.top]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise UnreadableBankFileError(
                f"it has more than {MOST_ELEMENTS} elements, or more than {DEEPEST} inside each other: "
                "no statement of ours is like that, so ask the bank what it is"
            )
        node = Node(name.rpartition(":")[2], attributes)
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        node = self._open[-1]
        node.text += text
        if len(node.text) > LONGEST_TEXT:
            raise UnreadableBankFileError(f"{node.name[:40]} has more than {LONGEST_TEXT} characters: ask the bank why")
