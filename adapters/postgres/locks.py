"""The advisory locks, by name.

One that is taken by something has the `hashtext` of that as its second key; two that share it only wait longer.
Functions of the database name in a comment those that they take, see migrations/functions.sql.
"""

from enum import IntEnum


class Lock(IntEnum):
    """What each guards, and how long it is held. The numbers only have to differ from each other."""

    MIGRATE = 4842194
    """The shape of schema csbe: one process migrates, the others wait. Until its connection ends."""
    APPEND = 4842195
    """The order of the log: from before the first position of an append is drawn until its commit is visible."""
    GENERATIONS = 4842196
    """By read model: one process at a time makes, swaps or drops its generations. Until the transaction ends."""
    PARALLEL_BUILD = 4842197
    """By follower of a generation: one process conducts its workers. For as long as the build lasts."""
    SHARED_READ_MODELS = 4842198
    """What read models share (projections/shared.sql): one process at a time runs it. Until the transaction ends."""
    TELEMETRY_DAYS = 4842199
    """The partitions of telemetry: one process makes that of a new day. Until the transaction ends."""
    PROVIDER_PAYMENT = 4842200
    """By payment: the simulated provider does one operation at a time. Until the transaction ends."""
    WEBHOOK = 4842201
    """By webhook: one process at a time takes its events up. Until the transaction ends."""
    INGEST_SESSION = 4842202
    """By number: one process at a time reads that session at the broker. Until its connection ends."""
