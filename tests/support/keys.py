"""The master key of all tests."""

import os

from adapters.postgres.event_store.master_keys import MasterKeys

KEYS = MasterKeys(b"the master key of all the tests!")

os.environ.setdefault("CSBE_MASTER_KEY", KEYS.key.hex())
