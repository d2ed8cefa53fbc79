"""Mail to members: as files by default, over SMTP where a server is configured."""

import asyncio
import os
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4
from weakref import WeakValueDictionary

import aiosmtplib

from adapters.mail.sent import SentMessages
from adapters.mail.templates import render
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import is_listening
from domain.kernel.ids import derived_id
from domain.kernel.policy import SendMessage
from domain.kernel.ports import GatewayUnavailableError

_NOT_SENT: tuple[type[Exception], ...] = (aiosmtplib.SMTPException, *TRANSIENT_ERRORS)


def compose(request: SendMessage, *, address: str, sender: str, idempotency_key: str) -> EmailMessage:
    """The mail for a request. Its Message-ID follows from the key, so that a mail system can tell a repetition."""
    text = render(request.template, request.values)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, text.subject
    mail["Message-ID"] = f"<{derived_id('message', idempotency_key)}@{sender.rpartition('@')[2]}>"
    mail["X-CSBE-Template"] = request.template
    mail.set_content(text.body)
    return mail


class FileMessenger:
    """Implements `Messenger`: each mail becomes one .eml file in a directory. A key that has its file is done."""

    def __init__(self, directory: Path, sent: SentMessages, *, sender: str = "no-reply@csbe.localhost") -> None:
        self._directory = directory
        self._sent = sent
        self._sender = sender

    async def send(self, request: SendMessage, /, *, address: str, idempotency_key: str) -> None:
        """Write the mail once per key. Raises `GatewayUnavailableError` when the directory cannot be written."""
        mail = compose(request, address=address, sender=self._sender, idempotency_key=idempotency_key)
        try:
            await asyncio.to_thread(self._write, f"{derived_id('message', idempotency_key)}.eml", mail.as_bytes())
        except OSError as error:
            msg = f"mail could not be written to {self._directory}: {error.strerror}"
            raise GatewayUnavailableError(msg) from error
        try:
            await self._sent.remember(request, idempotency_key, "file")
        except TRANSIENT_ERRORS as error:
            raise GatewayUnavailableError("that a mail was written could not be remembered") from error

    async def trouble(self) -> str | None:
        """Why mail cannot be written; none when it can."""
        there = next(folder for folder in (self._directory, *self._directory.absolute().parents) if folder.exists())
        return None if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to"

    async def forget(self, address: str, /) -> None:
        """Remove the mails to an address. Raises `GatewayUnavailableError` when one cannot be removed."""
        try:
            await asyncio.to_thread(self._remove, address)
        except OSError as error:
            msg = f"mail could not be removed from {self._directory}: {error.strerror}"
            raise GatewayUnavailableError(msg) from error

    def _remove(self, address: str) -> None:
        for path in self._directory.glob("*.eml"):
            if message_from_bytes(path.read_bytes(), policy=policy.default)["To"] == address:
                path.unlink()

    def _write(self, name: str, content: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        target, draft = self._directory / name, self._directory / f".{uuid4()}.draft"
        if target.exists():
            return
        draft.touch(mode=0o600)  # addresses and codes are for nobody else on this machine
        draft.write_bytes(content)
        os.replace(draft, target)  # noqa: PTH105 (atomic on every platform, which rename is not)


class SmtpMessenger:
    """Implements `Messenger` over SMTP. What the server has taken is remembered in the database.

    No connection to the database is held while a mail is sent, since a mail server may hang. After a crash before it
    is remembered, the mail is sent again, under its Message-ID.
    """

    def __init__(
        self, sent: SentMessages, *, host: str, port: int, sender: str,
        username: str | None = None, password: str | None = None,
        start_tls: bool | None = None, timeout_s: float = 10.0,
    ) -> None:  # fmt: skip
        self._sent = sent
        self._sender = sender
        self._host, self._port = host, port
        self._failure: str | None = None
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._connection = {
            "hostname": host, "port": port, "username": username, "password": password,
            "start_tls": start_tls, "timeout": timeout_s,
        }  # fmt: skip

    async def send(self, request: SendMessage, /, *, address: str, idempotency_key: str) -> None:
        """Hand the mail to the server once per key. Raises `GatewayUnavailableError`."""
        mail = compose(request, address=address, sender=self._sender, idempotency_key=idempotency_key)
        try:
            async with self._under_way.setdefault(idempotency_key, asyncio.Lock()):
                if await self._sent.has(idempotency_key):
                    return
                await aiosmtplib.send(mail, **self._connection)  # type: ignore[arg-type]  # options of many types
                self._failure = None
                await self._sent.remember(request, idempotency_key, "mail")
        except _NOT_SENT as error:
            self._failure = msg = f"the mail server did not take the message: {type(error).__name__}"
            raise GatewayUnavailableError(msg) from error

    async def trouble(self) -> str | None:
        """Why mail cannot be handed over, as far as is known; none when the last one was taken and somebody listens."""
        if not await is_listening(self._host, self._port):
            return "the mail server does not answer"
        return self._failure

    async def forget(self, address: str, /) -> None:
        """Nothing is kept here but that something was sent."""
