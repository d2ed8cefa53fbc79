"""The composition root: the one place that knows the adapters. The command line and tests start from here."""

from adapters.devices.authority import Authority, DeviceCertificate, Who
from adapters.postgres.dead_letters import KeptLetter
from adapters.postgres.durability import warn_of_loss
from adapters.postgres.errors import BusyError, FollowerStoppedError, GenerationError
from adapters.postgres.event_store.key_rotation import Rotated
from adapters.postgres.event_store.key_rotation import rotate as rotate_master_key
from adapters.postgres.event_store.snapshot_audit import AuditedSnapshot, SnapshotFinding
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.queue import FailedJob
from adapters.postgres.read_models.generations import Generation
from adapters.postgres.read_models.parallel_build import Access, ParallelBuild
from adapters.postgres.read_models.projection import Projection
from adapters.rulebooks import load, load_with_text
from api.composition.foundation import has_token_key, pseudonym, rotate_token_key
from api.composition.log import Log, opened_log
from api.composition.runtime import Component, Running
from api.composition.servers import UnreachableError, make_read_models, migrated, prepare, servers
from api.composition.subject_access import Person, all_about
from api.composition.wiring import composed

__all__ = [
    "Access",
    "AuditedSnapshot",
    "Authority",
    "BusyError",
    "Component",
    "DeviceCertificate",
    "FailedJob",
    "Follower",
    "FollowerStoppedError",
    "Generation",
    "GenerationError",
    "KeptLetter",
    "Log",
    "ParallelBuild",
    "Person",
    "Projection",
    "Rotated",
    "Running",
    "SnapshotFinding",
    "UnreachableError",
    "Who",
    "all_about",
    "composed",
    "has_token_key",
    "load",
    "load_with_text",
    "make_read_models",
    "migrated",
    "opened_log",
    "prepare",
    "pseudonym",
    "rotate_master_key",
    "rotate_token_key",
    "servers",
    "warn_of_loss",
]
