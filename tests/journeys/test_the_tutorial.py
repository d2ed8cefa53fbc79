"""The tutorial, line by line, as a reader would: what it says to paste is taken from the answer before."""

import asyncio
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.messages import Role
from tests.journeys.city import City
from tests.journeys.waiting import until

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASTE = re.compile(r'(\w+)="paste ')

pytestmark = [pytest.mark.docs, pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")]

FOUND: dict[str, Callable[[Any], str]] = {
    "ME": lambda answer: answer["id"],
    "MEMBER": lambda answer: answer["token"],
    "VEHICLE": lambda answer: answer["vehicles"][0]["vehicle_id"],
    "RESERVATION": lambda answer: answer["id"],
    "TRIP": lambda answer: answer["id"],
    "INVOICE": lambda answer: answer["invoices"][0]["invoice_id"],
}
"""Where in the answer before the reader finds what is to be pasted."""
REPEATED: dict[str, Callable[[Any], bool]] = {
    "$API/trips/$TRIP": lambda answer: answer["state"] == "running",
    "$API/invoices": lambda answer: bool(answer["invoices"]),
}
"""What a reader asks for again until it is there."""


class Reader:
    """A shell whose variables the reader fills in."""

    def __init__(self, city: City) -> None:
        self.answer: Any = None
        self._known = {
            "API": f"{city.api.base_url}/v1",
            "MAIL": str(city.mail),
            "AGENT": city.token(Role.AGENT)["Authorization"].removeprefix("Bearer "),
            "AUDITOR": city.token(Role.AUDITOR)["Authorization"].removeprefix("Bearer "),
        }
        self._printed = ""

    async def follow(self, line: str) -> None:
        """Do what a line of the tutorial says."""
        if paste := PASTE.match(line):
            self._paste(paste[1])
        elif not re.match(r"\w+=", line):
            asked = re.search(r'"(\$API/[^"]*)"$', line)
            is_there = REPEATED.get(asked[1] if asked else "", lambda _: True)
            await until(lambda: self._run(line, is_there))

    def _paste(self, name: str) -> None:
        if name == "CODE":
            [self._known["CODE"]] = set(re.findall(r"\b[0-9a-f]{10}\b", self._printed))
        elif name not in self._known:
            self._known[name] = FOUND[name](self.answer)

    async def _run(self, line: str, is_there: Callable[[Any], bool]) -> bool:
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-c", line), env=self._known | {"PATH": "/usr/bin:/bin"}, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        printed, _ = await shell.communicate()
        self._printed = printed.decode()
        if not line.startswith("curl"):
            return bool(self._printed)  # the mail takes a moment
        assert shell.returncode == 0, line
        self.answer = json.loads(self._printed)
        assert "type" not in self.answer, f"{line}: {self._printed}"
        return is_there(self.answer)


def lines() -> Iterator[str]:
    """Every command of the tutorial after the one that starts the city."""
    _, *blocks = BLOCK.findall(TUTORIAL.read_text())
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()


async def test_a_reader_who_follows_the_tutorial_gets_to_the_history_of_a_paid_trip(city: City) -> None:
    reader = Reader(city)

    for line in lines():
        await reader.follow(line)

    told = [event["type"] for event in reader.answer["events"]]
    assert (told[0], told[-1]) == ("rental.trip.requested", "rental.trip.ended")
