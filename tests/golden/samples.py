"""One stored sample of each version of each event, as the mapper writes it, about persons whose keys are known."""

import json
from base64 import b64decode
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.postgres.event_store.key_store import PersonKey
from adapters.postgres.event_store.mapper import Keys, StoredState, to_event, to_stored
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Metadata, Role

FOLDER = Path(__file__).parent / "events"

KEYS: Keys = defaultdict(lambda: PersonKey(AESGCM(bytes(32))))
"""Everybody's key is 32 zeros."""
METADATA = Metadata(
    command_id=CommandId(UUID(int=1)),
    command="test",
    actor=Actor(role=Role.SYSTEM, id="test"),
    service="drivenow-europe",
    correlation_id=UUID(int=2),
)


def name_of(event_class: type[DomainEvent], version: int | None = None) -> str:
    """What the sample and the schema of a version are filed under; of the present version unless one is given."""
    return f"{event_class.TOPIC}.v{version or event_class.class_version}"


def topic_of(name: str) -> str:
    """The topic in a name."""
    return name.rpartition(".v")[0]


def written(event: DomainEvent) -> dict[str, Any]:
    """An event as a sample. Secrets come out the same each time, as their nonce is 12 zeros."""
    with patch("adapters.postgres.event_store.key_store.secrets.token_bytes", bytes):
        row = to_stored(event, KEYS)
    return {
        "originator_id": str(row.originator_id),
        "originator_version": row.originator_version,
        "state": json.loads(row.state),
    }


def read(name: str, sample: dict[str, Any]) -> DomainEvent:
    """The event of a sample, in the present version of its class. Raises `UnreadableEventError`."""
    state = json.dumps(sample["state"]).encode()
    row = StoredState(UUID(sample["originator_id"]), sample["originator_version"], topic_of(name), state)
    return to_event(row, KEYS)


def unsealed(sample: dict[str, Any]) -> dict[str, Any]:
    """The state of a sample with its values about a person readable."""
    place = f"/{sample['originator_version']}/".encode()
    values: dict[str, Any] = {}
    for name, value in sample["state"].items():
        values[name] = value
        if isinstance(value, dict) and "$personal" in value:
            context = UUID(sample["originator_id"]).bytes + place + name.encode()
            plain = KEYS[UUID(value["of"])].decrypt(b64decode(value["$personal"]), context)
            values[name] = plain and json.loads(plain)
    return values


def names(folder: Path = FOLDER) -> set[str]:
    """The names of all samples."""
    return {path.stem for path in folder.glob("*.json")}


def load(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """A sample."""
    sample: dict[str, Any] = json.loads(_path(name, folder).read_text("utf-8"))
    return sample


def save(name: str, sample: dict[str, Any], folder: Path = FOLDER) -> None:
    """Keep a sample. Raises `FileExistsError`: what was stored once is not stored differently afterwards."""
    with _path(name, folder).open("x", encoding="utf-8") as file:
        file.write(json.dumps(sample, indent=2, ensure_ascii=False) + "\n")


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"
