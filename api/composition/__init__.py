"""The composition root: the one place that knows the adapters. The command line and tests start from here."""

from adapters.postgres.durability import warn_of_loss
from adapters.postgres.errors import BusyError, FollowerStoppedError, GenerationError
from adapters.postgres.event_store.snapshot_audit import AuditedSnapshot, Finding
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.queue import ParkedTask
from adapters.postgres.read_models.generations import Generation
from adapters.postgres.read_models.parallel_build import Access, ParallelBuild
from adapters.postgres.read_models.projection import Projection
from api.composition.runtime import Part, Running
from api.composition.wiring import UnreachableError, composed, prepare, servers, tokens_of

__all__ = [
    "Access",
    "AuditedSnapshot",
    "BusyError",
    "Finding",
    "Follower",
    "FollowerStoppedError",
    "Generation",
    "GenerationError",
    "ParallelBuild",
    "ParkedTask",
    "Part",
    "Projection",
    "Running",
    "UnreachableError",
    "composed",
    "prepare",
    "servers",
    "tokens_of",
    "warn_of_loss",
]
