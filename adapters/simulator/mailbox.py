"""The mail that simulated members read: files of `FileMessenger`, in one folder for everybody."""

import re
from email import message_from_bytes, policy
from pathlib import Path

_CODE = re.compile(r"\bcode ([0-9A-Z]{8})\b")


class Mailbox:
    """Knows the newest login code of each address; reads a file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[str] = set()
        self._codes: dict[str, str] = {}

    def code_to(self, address: str) -> str | None:
        """The newest code that was mailed to an address."""
        new = [file for file in self._folder.glob("*.eml") if file.name not in self._read]
        for file in sorted(new, key=lambda file: file.stat().st_mtime_ns):
            self._read.add(file.name)
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if found := _CODE.search(mail.get_content()):
                self._codes[str(mail["To"])] = found[1]
        return self._codes.get(address)
