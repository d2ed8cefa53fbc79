"""What tests that torture may ask for."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.torture.cluster import Cluster
from tests.torture.template import make_template


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server of our own, that may be killed: one for all rounds."""
    with Cluster() as cluster:
        with asyncio.Runner() as runner:
            runner.run(make_template(cluster))
        yield cluster
