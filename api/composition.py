"""Composes the running system: the one place that knows which adapter stands behind which port."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import uvicorn

import projections
from adapters.broker import embedded_broker
from adapters.embedded import EmbeddedPostgres
from adapters.messenger import FileMessenger, SmtpMessenger
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.ingest import Ingest
from adapters.payments import SimulatedPaymentProvider
from adapters.postgres.database import connect
from adapters.postgres.follower import Follower
from adapters.postgres.migrate import migrate
from adapters.postgres.store import PostgresEventStore
from adapters.postgres.tasks import PolicyRunner, TaskWorker
from adapters.postgres.telemetry import Telemetry
from api.rest.application import create_app
from api.settings import Settings
from api.system import System
from domain import contexts
from domain.billing.policies import payment_answer
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.kernel.policy import AskPaymentProvider, Effect, SendMessage, TellVehicle
from domain.kernel.ports import Messenger
from domain.rulebook.services import RULEBOOKS


class Part(StrEnum):
    """The roles that a process can have: `csbe serve --only`."""

    API = "api"
    INGEST = "ingest"
    PROJECTIONS = "projections"
    POLICIES = "policies"


class SystemClock:
    """The machine's clock, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
