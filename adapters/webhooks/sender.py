"""One attempt to deliver: a POST to a checked address, of which only the status counts."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpcore2
import httpx2

from adapters.webhooks.addresses import CheckedConnections, RefusedAddressError

SEND_SECONDS = 10.0
"""How long one attempt may take, from the look-up of the name to the status."""
DRAINED_BYTES = 4096
"""An answer's body up to this size is read, and thrown away, so that the connection can be used again."""

_GONE = 410


@dataclass(frozen=True)
class DeliveryAnswer:
    """How an attempt ended. `error` is none when it was delivered."""

    status: int | None = None
    error: str | None = None
    retry_after_s: float | None = None
    gone: bool = False
    """The receiver says that it will never take anything again."""


class _Transport(httpx2.AsyncHTTPTransport):
    """Connections are kept by host name, so that a certificate always belongs to the receiver that is meant."""

    def __init__(self, context: ssl.SSLContext, connections: CheckedConnections) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            network_backend=connections,
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=30,
        )


class Sender:
    """Posts to receivers. Follows no redirect, uses no proxy, keeps no cookie, and tells nothing but the status."""

    def __init__(self, *, private: bool = False, seconds: float = SEND_SECONDS) -> None:
        self._seconds = seconds
        context = ssl.create_default_context()
        mounts = {
            f"{scheme}://": _Transport(context, CheckedConnections(encrypted=scheme == "https", private=private))
            for scheme in ("https", "http")
        }
        self._client = httpx2.AsyncClient(
            mounts=mounts,
            verify=context,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryAnswer:
        """Try once. Whatever a receiver or its URL does to us is an answer, told in our own words."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(url, body, headers)
        except Exception as error:  # noqa: BLE001 (a receiver may provoke whatever it likes)
            return DeliveryAnswer(error=_told(error))

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryAnswer:
        more = {"Accept-Encoding": "identity", "User-Agent": "csbe"}
        async with self._client.stream("POST", url, content=body, headers={**headers, **more}) as response:
            await _drain(response)
            return _answer(response)


def _told(error: Exception) -> str:
    """In words of ours, or by its kind alone: its text may quote the receiver."""
    match error:
        case RefusedAddressError():
            told = str(error)
        case TimeoutError() | httpx2.TimeoutException():
            told = "timed out"
        case OSError():
            told = "its name has no address"
        case UnicodeError() | httpx2.InvalidURL():
            told = "its URL cannot be reached"
        case httpx2.ConnectError():
            told = "its certificate was refused" if _is_about_tls(error) else "nobody listens there"
        case _:
            told = f"no answer: {type(error).__name__}"
    return told


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


async def _drain(response: httpx2.Response) -> None:
    """Read what is small; more is cut off with the connection."""
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) <= DRAINED_BYTES:
        read = 0
        async for part in response.aiter_raw():
            read += len(part)
            if read > DRAINED_BYTES:  # it came in chunks, whatever it said
                return


def _answer(response: httpx2.Response) -> DeliveryAnswer:
    status = response.status_code
    if response.is_success:
        return DeliveryAnswer(status)
    retry_after = retry_after_s(response.headers.get("retry-after"), datetime.now(UTC))
    return DeliveryAnswer(status, f"answered {status}", retry_after, gone=status == _GONE)


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3); none when it says nothing of use."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp())
