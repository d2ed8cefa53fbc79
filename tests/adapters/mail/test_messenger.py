"""What any messenger must do, run against each of them."""

import asyncio
import email
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.embedded.broker import free_port
from adapters.mail.messenger import FileMessenger, SmtpMessenger
from adapters.mail.sent import SentMessages
from adapters.mail.templates import MissingValueError, Text, UnknownTemplateError, render, templates
from domain.kernel.aggregate import event_classes
from domain.kernel.ids import MemberId
from domain.kernel.policy import SendMessage
from domain.kernel.ports import GatewayUnavailableError, Messenger
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import StepFailed

DOMAIN = Path(__file__).parents[3] / "domain"
TEMPLATE = "test_greeting"
REQUEST = SendMessage(member_id=MemberId(UUID(int=1)), template=TEMPLATE, values={"name": "Åse"})


@dataclass
class Mailbox:
    """A messenger and the mails that arrived through it."""

    messenger: Messenger
    mails: Callable[[], list[EmailMessage]]


@dataclass
class SmtpServer:
    """As much of RFC 5321 as a client needs to hand over a mail."""

    taken: list[bytes] = field(default_factory=list)
    refuse: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.taken.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
            writer.write(
                b"451 later\r\n"
                if self.refuse and verb == b"MAIL"
                else b"221 bye\r\n"
                if verb == b"QUIT"
                else b"250 ok\r\n"
            )
            if verb == b"QUIT":
                break
        writer.close()


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


@pytest.fixture(autouse=True)
def template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(templates(), TEMPLATE, Text("Hello $name", "Good morning, $name."))


@pytest.fixture
async def smtp() -> AsyncIterator[tuple[SmtpServer, int]]:
    served = SmtpServer()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    yield served, server.sockets[0].getsockname()[1]
    server.close()


def over_smtp(pool: asyncpg.Pool, port: int) -> SmtpMessenger:
    return SmtpMessenger(
        SentMessages(pool), host="127.0.0.1", port=port, sender="no-reply@example.test", start_tls=False
    )


@pytest.fixture(params=["files", "smtp"])
def mailbox(
    request: pytest.FixtureRequest, tmp_path: Path, smtp: tuple[SmtpServer, int], pool: asyncpg.Pool
) -> Mailbox:
    if request.param == "files":
        return Mailbox(
            FileMessenger(tmp_path / "mail", SentMessages(pool)),
            lambda: [parsed(f.read_bytes()) for f in (tmp_path / "mail").glob("*.eml")],
        )
    served, port = smtp
    messenger = SmtpMessenger(
        SentMessages(pool), host="127.0.0.1", port=port, sender="no-reply@example.test", start_tls=False
    )
    return Mailbox(messenger, lambda: [parsed(mail) for mail in served.taken])


async def test_a_message_arrives_with_its_words_and_address(mailbox: Mailbox) -> None:
    await mailbox.messenger.send(REQUEST, address="ase@example.test", idempotency_key=str(uuid4()))
    (mail,) = mailbox.mails()
    assert (mail["To"], mail["Subject"]) == ("ase@example.test", "Hello Åse")
    assert mail.get_content().strip() == "Good morning, Åse."


async def test_one_key_is_delivered_once(mailbox: Mailbox) -> None:
    key = str(uuid4())
    for _ in range(3):
        await mailbox.messenger.send(REQUEST, address="ase@example.test", idempotency_key=key)
    assert len(mailbox.mails()) == 1


async def test_what_was_handed_over_is_remembered_without_address_or_words(
    mailbox: Mailbox, pool: asyncpg.Pool
) -> None:
    await mailbox.messenger.send(REQUEST, address="ase@example.test", idempotency_key="k")

    [row] = await pool.fetch("select * from csbe.messages_sent")
    told = dict(row)
    channel = "file" if isinstance(mailbox.messenger, FileMessenger) else "mail"
    assert told.pop("sent_at")
    assert told == {
        "idempotency_key": "k",
        "member_id": REQUEST.member_id,
        "template": REQUEST.template,
        "channel": channel,
    }


async def test_two_sends_of_one_key_at_once_deliver_once(mailbox: Mailbox) -> None:
    key = str(uuid4())
    sends = (mailbox.messenger.send(REQUEST, address="ase@example.test", idempotency_key=key) for _ in range(2))
    await asyncio.gather(*sends)
    assert len(mailbox.mails()) == 1


async def test_two_keys_are_two_messages(mailbox: Mailbox) -> None:
    for _ in range(2):
        await mailbox.messenger.send(REQUEST, address="ase@example.test", idempotency_key=str(uuid4()))
    first, second = mailbox.mails()
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_server_that_says_later_gets_the_message_at_the_next_try(
    pool: asyncpg.Pool, smtp: tuple[SmtpServer, int]
) -> None:
    served, port = smtp
    messenger = SmtpMessenger(
        SentMessages(pool), host="127.0.0.1", port=port, sender="no-reply@example.test", start_tls=False
    )
    key = str(uuid4())
    served.refuse = True
    with pytest.raises(GatewayUnavailableError):
        await messenger.send(REQUEST, address="ase@example.test", idempotency_key=key)
    served.refuse = False
    await messenger.send(REQUEST, address="ase@example.test", idempotency_key=key)
    assert len(served.taken) == 1


async def test_a_server_that_hangs_holds_no_connection_to_the_database(
    pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    hanging: list[asyncio.StreamWriter] = []
    all_there, many = asyncio.Event(), pool.get_max_size()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)
        if len(hanging) == many:
            all_there.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    messenger = SmtpMessenger(
        SentMessages(pool), host="127.0.0.1", port=port, sender="no-reply@example.test", start_tls=False
    )
    sends = [messenger.send(REQUEST, address="ase@example.test", idempotency_key=str(uuid4())) for _ in range(many)]
    sending = asyncio.gather(*sends, return_exceptions=True)
    await asyncio.wait_for(all_there.wait(), 10)

    async with asyncio.timeout(5):
        in_transactions = await owner.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
        )
    for writer in hanging:
        writer.close()
    server.close()

    assert in_transactions == 0
    assert {type(answer) for answer in await sending} == {GatewayUnavailableError}


async def test_a_server_that_is_away_is_an_unavailable_gateway(pool: asyncpg.Pool) -> None:
    messenger = SmtpMessenger(
        SentMessages(pool), host="127.0.0.1", port=free_port(), sender="no-reply@example.test", start_tls=False
    )
    with pytest.raises(GatewayUnavailableError):
        await messenger.send(REQUEST, address="ase@example.test", idempotency_key=str(uuid4()))


async def test_a_directory_that_cannot_be_written_is_an_unavailable_gateway(tmp_path: Path, pool: asyncpg.Pool) -> None:
    (tmp_path / "mail").write_text("a file stands in the way")
    with pytest.raises(GatewayUnavailableError):
        await FileMessenger(tmp_path / "mail", SentMessages(pool)).send(
            REQUEST, address="ase@example.test", idempotency_key="k"
        )


def test_a_value_cannot_add_a_header() -> None:
    assert "\n" not in render(TEMPLATE, {"name": "x\nBcc: all@example.test"}).subject


def test_an_unknown_template_or_a_missing_value_is_named() -> None:
    with pytest.raises(UnknownTemplateError, match="nonsense"):
        render("nonsense", {})
    with pytest.raises(MissingValueError, match="name"):
        render(TEMPLATE, {})


def test_every_message_of_a_policy_has_its_words() -> None:
    sources = [file.read_text() for file in DOMAIN.glob("*/policies.py")]
    named = {name for source in sources for name in re.findall(r'template="(\w+)"', source)}
    named |= {
        f"trip_{event.TOPIC.rpartition('.')[2]}" for event in event_classes(Trip) if issubclass(event, StepFailed)
    }
    assert len(named) > 10
    assert named <= set(templates())


def test_every_template_has_a_subject_and_a_body() -> None:
    assert all(text.subject.strip() and text.body.strip() for text in templates().values())
