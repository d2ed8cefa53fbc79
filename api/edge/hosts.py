"""By which names the API may be asked for."""

import socket

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.settings import EdgeSettings, in_url
from api.problems import Problem

OWN = ("localhost", "127.0.0.1", "[::1]", "csbe")
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (to recognise it, not to listen there)


class Hosts:
    """Refuses a request for a host that is not ours: a page must not be had under a stranger's name."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed if not name.startswith("*."))
        self._endings = tuple(name[1:].lower() for name in allowed if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refused := self._refused(scope)) is not None:
            await refused.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> Problem | None:
        given = Headers(scope=scope).getlist("host")
        if len(given) != 1 and not (scope["http_version"] == "1.0" and not given):
            return Problem.bad_request("send one Host header")
        if given and not self._is_ours(host_of(given[0])):
            return Problem(
                421, "misdirected", "Not for this host", "this host is not known here: see CSBE_ALLOWED_HOSTS"
            )
        return None

    def _is_ours(self, host: str) -> bool:
        return host in self._allowed or host.endswith(self._endings)


def host_of(header: str) -> str:
    """The name or address in a Host header, without its port."""
    text = header.strip().lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0].rstrip(".")


def allowed_hosts(settings: EdgeSettings, host: str) -> tuple[str, ...]:
    """Those of the settings; when there are none, where we listen, and what this machine is called."""
    if settings.allowed_hosts:
        return (*settings.allowed_hosts, *OWN)
    if host not in EVERYWHERE:
        return (in_url(host), *OWN)
    return (socket.gethostname().lower(), socket.getfqdn().lower(), *_addresses(), *OWN)


def _addresses() -> set[str]:
    """This machine's addresses, as far as its name leads to them."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return set()
    addresses = {str(address[0]).partition("%")[0] for *_, address in found}
    return {in_url(address) for address in addresses}
