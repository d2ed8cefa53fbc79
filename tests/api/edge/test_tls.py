"""The API speaks HTTPS by its settings."""

import asyncio
import ssl
from pathlib import Path

import httpx2
import pytest

from tests.api.edge.raw import connect, counting
from tests.support.certificates import self_signed


async def test_https_is_spoken_by_the_certificate_of_the_settings(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    self_signed(pem)
    trusting = ssl.create_default_context(cafile=pem)

    async with counting(tls_certificate_file=pem) as server, httpx2.AsyncClient(verify=trusting) as client:
        answer = await client.post(f"https://localhost:{server.port}/take", content=b"abc")
        with pytest.raises(httpx2.TransportError):
            await client.get(f"http://localhost:{server.port}/take")

    assert (answer.status_code, server.bodies) == (200, [b"abc"])


async def test_whoever_never_shakes_hands_is_cut(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    self_signed(pem)

    async with counting(tls_certificate_file=pem, head_seconds=0.3) as server:
        reader, writer = await connect(server.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")

    for settings in (
        {"tls_certificate_file": wrong},
        {"tls_certificate_file": tmp_path / "missing.pem"},
        {"tls_key_file": wrong},
    ):
        with pytest.raises(ValueError, match="CSBE_TLS_CERTIFICATE_FILE"):
            async with counting(**settings):
                pass
