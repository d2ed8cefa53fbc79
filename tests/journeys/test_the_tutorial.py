"""Pages, line by line, as a reader would: what they say to paste is taken from the answer before."""

import asyncio
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.aggregate import event_classes
from domain.kernel.messages import Role
from domain.webhooks.webhook import Webhook
from tests.support.city import City
from tests.support.waiting import until

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASTE = re.compile(r'(\w+)="paste ')

pytestmark = [pytest.mark.docs, pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")]

FOUND: dict[str, Callable[[Any], str]] = {
    "ME": lambda answer: answer["id"],
    "MEMBER": lambda answer: answer["access_token"],
    "VEHICLE": lambda answer: answer["vehicles"][0]["vehicle_id"],
    "RESERVATION": lambda answer: answer["id"],
    "TRIP": lambda answer: answer["id"],
    "INVOICE": lambda answer: answer["invoices"][0]["invoice_id"],
    "WEBHOOK": lambda answer: answer["id"],
}
"""Where in the answer before the reader finds what is to be pasted."""


def _has_lasted_a_second(trip: Any) -> bool:
    """As it has when a reader has read on; what lasts no time has no invoice."""
    return datetime.now(UTC) - datetime.fromisoformat(trip["phases"][0]["since"]) > timedelta(seconds=1)


REPEATED: dict[str, Callable[[Any], bool]] = {
    "$API/trips/$TRIP": lambda answer: answer["state"] == "running" and _has_lasted_a_second(answer),
    "$API/invoices": lambda answer: bool(answer["invoices"]),
}
"""What a reader asks for again until it is there."""
PRINTED = (Role.AGENT, Role.AUDITOR, Role.OPERATOR, Role.PARTNER)
"""Whose tokens the reader has from the demo."""
ELSEWHERE = ("csbe ", "curl -sN ")
"""What a reader does in another terminal: commands of the installation, and a stream that does not end."""


class Reader:
    """A shell whose variables the reader fills in."""

    def __init__(self, city: City) -> None:
        self.answer: Any = None
        self._known = {
            "API": f"{city.api.base_url}/v1",
            "MAIL": str(city.mail),
            **{role.upper(): city.token(role)["Authorization"].removeprefix("Bearer ") for role in PRINTED},
        }
        self._printed = ""

    async def follow(self, line: str) -> None:
        """Do what a line of a page says."""
        if paste := PASTE.match(line):
            self._paste(paste[1])
        elif not re.match(r"\w+=", line):
            asked = re.search(r'"(\$API/[^"]*)"$', line)
            is_there = REPEATED.get(asked[1] if asked else "", lambda _: True)
            await until(lambda: self._run(line, is_there))

    def _paste(self, name: str) -> None:
        if name == "CODE":
            [self._known["CODE"]] = set(re.findall(r"\bcode ([0-9A-Z]{8})\b", self._printed))
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


def lines(page: Path) -> Iterator[str]:
    """Every command of a page, but the one that starts the city."""
    for block in BLOCK.findall(page.read_text()):
        if "nox -s demo" not in block:
            yield from (line for line in block.replace("\\\n", " ").splitlines() if not line.startswith(ELSEWHERE))


async def test_a_reader_who_follows_the_tutorial_gets_to_the_history_of_a_paid_trip(city: City) -> None:
    reader = Reader(city)

    for line in lines(DOCS / "tutorial.md"):
        await reader.follow(line)

    told = [event["type"] for event in reader.answer["events"]]
    assert (told[0], told[-1]) == ("rental.trip.requested", "rental.trip.ended")


async def test_a_reader_who_follows_the_page_on_webhooks_has_one_and_ends_it(city: City) -> None:
    reader = Reader(city)

    for line in lines(DOCS / "how-to" / "send-events.md"):
        await reader.follow(line)

    topics = [event.TOPIC for event in event_classes(Webhook)]
    done = [recorded.topic.rpartition(".")[2] async for recorded in city.running.store.read(topics=topics)]
    assert done == ["subscribed", "resumed", "secret_rotated", "personal_data_allowed", "unsubscribed"]
