"""Connections: both ends find out when the other one is gone without a word."""

import socket
import sys
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from adapters.postgres.database import connect


@pytest.mark.skipif(sys.platform != "linux", reason="the options have other names elsewhere")
async def test_a_machine_that_is_gone_without_a_word_is_missed_at_both_ends(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        own = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # as `connect` does
        if own.family == socket.AF_UNIX:
            pytest.skip("the server is on this machine, and the system knows when it is gone")
        here = {
            name: own.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        }
        there = await connection.fetch("select name, setting from pg_settings where name like 'tcp_keepalives%'")

    assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert here == {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}
    assert {row["name"].rpartition("_")[2]: row["setting"] for row in there} == {
        "idle": "10",
        "interval": "5",
        "count": "3",
    }


async def test_a_server_is_reached_by_its_socket_as_well(postgres_dsn: str, owner: asyncpg.Connection) -> None:
    [folder, *_] = (await owner.fetchval("show unix_socket_directories")).split(", ")
    parts = urlsplit(postgres_dsn)
    user = parts.netloc.rpartition("@")[0]
    by_socket = urlunsplit(parts._replace(netloc=f"{user}@", query=f"host={folder}"))
    try:
        with suppress(asyncpg.InvalidAuthorizationSpecificationError):
            async with await connect(by_socket, min_size=1) as local:
                assert await local.fetchval("select 1") == 1
                return
    except OSError as error:
        pytest.skip(f"it is on another machine: {error}")
    pytest.skip("it lets nobody in by its socket")
