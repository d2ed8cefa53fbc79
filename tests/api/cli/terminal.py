"""The command `csbe` as a test gives it, and members whom it is about."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from api.auth import key_in
from api.cli import main
from api.composition import make_read_models
from api.composition.effects import Effects
from domain.kernel.aggregate import Aggregate
from domain.kernel.ids import CommandId, MemberId
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.ports import PersonalKeys
from domain.members.commands import RegisterMember
from domain.members.member import Member
from domain.members.policies import when_member_erased_then_destroy_key
from tests.projections.following import empty_read_models
from tests.support.clocks import SystemClock

METADATA = Metadata(
    command_id=CommandId(UUID(int=1)),
    command="test",
    actor=Actor(role=Role.AGENT, id="Olga"),
    service="drivenow-europe",
    correlation_id=UUID(int=2),
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str
    """Without the line that says which servers are used."""
    servers: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Csbe = Callable[..., Awaitable[Ended]]


@pytest.fixture
async def csbe(
    postgres_dsn: str,
    pool: asyncpg.Pool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Csbe:
    """The command, on the database of the tests, whose servers have signed tokens."""
    key_in(tmp_path / "token-key.pem")
    await make_read_models(postgres_dsn)
    await empty_read_models(pool)
    monkeypatch.setenv("CSBE_POSTGRES_DSN", postgres_dsn)
    monkeypatch.setenv("CSBE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CSBE_SERVICE", METADATA.service)
    monkeypatch.setattr("api.cli.terminal.configure_logs", lambda _level: None)
    monkeypatch.setattr("getpass.getuser", lambda: "olga")

    def call(*words: str) -> Ended:
        capsys.readouterr()
        try:
            main(words)
        except SystemExit as ended:
            out, err = capsys.readouterr()
            servers = "".join(line for line in err.splitlines(True) if line.startswith("database: "))
            return Ended(int(ended.code or 0), out, err.replace(servers, "", 1), servers)
        raise AssertionError

    return lambda *words: asyncio.to_thread(call, *words)


async def registered(store: PostgresEventStore, name: str = "Ada Lovelace") -> Member:
    command = RegisterMember(
        member_id=MemberId(uuid4()),
        city_id="berlin",
        name=name,
        email="ada@example.org",
        birth_date=date(1990, 5, 17),
    )
    member = Member.register(command, "drivenow-europe", NOW)
    await append(store, member)
    return member


async def damaged(pool: asyncpg.Pool) -> tuple[UUID, int]:
    """An event that nothing can read, put into the log past all that would refuse it."""
    state = StoredState(uuid4(), 1, Member.Registered.TOPIC, b'{"damaged": true}')
    written = await GroupCommit(pool).write(AppendEntry(uuid4(), "f", None, METADATA.model_dump_json(), [state]))
    return state.originator_id, written.position


async def append(store: PostgresEventStore, aggregate: Aggregate) -> None:
    metadata = METADATA.model_copy(update={"command_id": CommandId(uuid4())})
    await store.append([aggregate], metadata, result=None, fingerprint="f")


async def destroy_keys(store: PostgresEventStore, keys: PersonalKeys | None = None) -> None:
    """What a server does that runs the policies."""
    runner = PolicyRunner({Member.Erased: (when_member_erased_then_destroy_key,)})
    await Follower(store.pool, store, "policies", runner, topics=runner.topics).catch_up()
    effects = Effects(Mock(), Mock(), AsyncMock(), store, keys or store, Mock(), SystemClock())
    queue = JobQueue(store.pool)
    worker = JobWorker(queue, store.listener.jobs, SystemClock(), {}, AsyncMock(), effects.perform)
    assert await worker.run_due() == 1
