"""Mail to members: to whom, and not at all to whom is erased."""

from pathlib import Path
from unittest.mock import Mock
from uuid import uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.messenger import FileMessenger
from api.auth import TokenAuthority
from api.composition import prepare
from api.composition.effects import Effects
from domain.kernel.ids import MemberId
from domain.kernel.policy import SendMessage
from domain.kernel.ports import GatewayUnavailableError

INSERT = """
insert into read_v1.members (member_id, service, city_id, email, registered_at, version)
values ($1, 'drivenow-europe', 'berlin', $2, now(), 1)
"""


@pytest.fixture
async def effects(postgres_dsn: str, pool: asyncpg.Pool, tmp_path: Path) -> Effects:
    await prepare(postgres_dsn)
    tokens = TokenAuthority(Ed25519PrivateKey.generate())
    return Effects(Mock(), Mock(), FileMessenger(tmp_path, sender="csbe@example.org"), pool, tokens)


def mails(folder: Path) -> list[str]:
    return [mail.read_text() for mail in folder.glob("*.eml")]


def message(member_id: MemberId) -> SendMessage:
    return SendMessage(member_id=member_id, template="verify_email")


async def test_a_mail_waits_until_the_read_models_know_the_member(
    effects: Effects, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    ada = MemberId(uuid4())

    with pytest.raises(GatewayUnavailableError):
        await effects.perform(message(ada), "1")
    await pool.execute(INSERT, ada, "ada@example.org")
    await effects.perform(message(ada), "1")

    [mail] = mails(tmp_path)
    assert effects.tokens.code("email", str(ada)) in mail


async def test_nobody_writes_to_an_erased_member(effects: Effects, pool: asyncpg.Pool, tmp_path: Path) -> None:
    ada = MemberId(uuid4())
    await pool.execute(INSERT, ada, None)

    await effects.perform(message(ada), "1")

    assert mails(tmp_path) == []
