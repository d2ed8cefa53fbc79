"""What every answer says to browsers and caches."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]
"""As ASGI has them: the name in small letters."""

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For answers that are no pages."""
PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""For our own pages: everything from our own server, nothing inline."""
A_YEAR_OF_HTTPS = "max-age=31536000; includeSubDomains"


def _raw(headers: Mapping[str, str]) -> tuple[Header, ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


_ALWAYS = _raw(ALWAYS)
_FOR_PAGES = _raw({"Content-Security-Policy": PAGES})
_FOR_OTHERS = _raw({"Content-Security-Policy": NOTHING})
_KEPT_NOWHERE = _raw({"Cache-Control": "no-store"})
_HTTPS_ONLY = _raw({"Strict-Transport-Security": A_YEAR_OF_HTTPS})


def safe(status: int, headers: Collection[Header], *, personal: bool, https_only: bool) -> list[Header]:
    """All headers of an answer that has these; what a route has set stays."""
    given = dict(headers)
    wanted = _ALWAYS + _HTTPS_ONLY if https_only else _ALWAYS
    if status != HTTPStatus.NOT_MODIFIED:  # which says no type, and would take that of the page
        wanted += _FOR_PAGES if given.get(b"content-type", b"").startswith(b"text/html") else _FOR_OTHERS
    if personal or status >= HTTPStatus.BAD_REQUEST:  # whatever went wrong is of this moment
        wanted += _KEPT_NOWHERE
    return [*headers, *(one for one in wanted if one[0] not in given)]


class SafeHeaders:
    """Adds to every answer what keeps browsers and caches from doing harm with it."""

    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self._app = app
        self._https_only = https_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        personal = scope["path"].startswith("/v1/")

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                message["headers"] = safe(message["status"], given, personal=personal, https_only=self._https_only)
            await send(message)

        await self._app(scope, receive, told)
