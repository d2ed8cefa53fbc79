"""The composition root: the one place that knows the adapters. The command line and tests start from here."""

from adapters.postgres.durability import warn_of_loss
from adapters.postgres.errors import BusyError, FollowerStoppedError, GenerationError
from adapters.postgres.follower import Follower
from adapters.postgres.generations import Generation
from adapters.postgres.parallel import Access, ParallelBuild
from adapters.postgres.projection import Projection
from adapters.postgres.snapshot_audit import AuditedSnapshot, Finding
from adapters.postgres.task_queue import ParkedTask
from api.composition.composing import UnreachableError, composed, prepare, servers, tokens_of
from api.composition.running import Part, Running

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
