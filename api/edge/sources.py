"""From where a request comes, also through proxies."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.settings import EdgeSettings, Network

Among = Callable[[str], bool]
"""Whether an address is one of those that are meant."""

_FORWARDED = ("x-forwarded-for", "forwarded")


def networks(known: Iterable[Network]) -> Among:
    """Tells whether an address is in one of these networks."""
    listed = tuple(known)

    @lru_cache(maxsize=4096)
    def among(address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if (mapped := getattr(found, "ipv4_mapped", None)) is not None:
            found = mapped
        return any(found in network for network in listed)

    return among


class Sources:
    """Finds the address that a request comes from, and whether it is trusted, for whatever is inside.

    A proxy of ours says for whom it asks: the last address in `X-Forwarded-For` that is none of our proxies counts.
    Anybody else's word is not believed; who passes it on is not trusted either: it is a proxy that nobody named.
    """

    def __init__(self, app: ASGIApp, settings: EdgeSettings) -> None:
        self._app = app
        self._is_proxy = networks(settings.trusted_proxies)
        self._is_trusted = networks(settings.trusted_networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            peer, port = scope["client"] or ("", 0)
            headers = Headers(scope=scope)
            source, forwarded = peer, any(name in headers for name in _FORWARDED)
            if self._is_proxy(peer):
                source, forwarded = self._behind(peer, headers), False
                scope["client"] = (source, 0 if source != peer else port)
                if headers.get("x-forwarded-proto", "").strip().lower() == "https":
                    scope["scheme"] = "https"
            scope.setdefault("state", {})["trusted"] = not forwarded and self._is_trusted(source)
        await self._app(scope, receive, send)

    def _behind(self, peer: str, headers: Headers) -> str:
        hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
        for hop in reversed(hops):
            address = _without_port(hop)
            if not self._is_proxy(address):
                return address
        return peer


def _without_port(hop: str) -> str:
    """Some proxies add the port."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
