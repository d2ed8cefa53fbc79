"""What every answer says to browsers and caches."""

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class SafeHeaders:
    """Adds to every answer what keeps browsers and caches from doing harm with it; what a route has set stays."""

    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self._app = app
        self._always = ALWAYS | ({"Strict-Transport-Security": A_YEAR_OF_HTTPS} if https_only else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        personal = scope["path"].startswith("/v1/")

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers.setdefault(name, value)
                page = headers.get("content-type", "").startswith("text/html")
                if message["status"] != HTTPStatus.NOT_MODIFIED:  # which says no type, and would take that of the page
                    headers.setdefault("Content-Security-Policy", PAGES if page else NOTHING)
                if personal or message["status"] >= HTTPStatus.BAD_REQUEST:  # whatever went wrong is of this moment
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, safe)
