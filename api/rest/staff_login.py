"""Staff log in with their browsers at the identity provider, and come back to the live page."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from api import security_log
from api.login import PAGE_CODE_LIFE
from api.problems import Problem
from api.rest.commands import InSystem
from api.system import System
from domain.identity.ports import ForeignTokenError, IdentityProvider, ProviderUnavailableError
from domain.identity.sessions import Subject

router = APIRouter(prefix="/v1/login/staff", tags=["login"])

COOKIE = "csbe_login"
LOGIN_S = 600
"""So long somebody may take at the provider."""


@router.get("", include_in_schema=False)
async def begin(system: InSystem) -> RedirectResponse:
    """Send the browser to the provider, with what proves later that it is the same one."""
    provider, (state, nonce, verifier) = _provider(system), (secrets.token_urlsafe(32) for _ in range(3))
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    try:
        address = await provider.login_address(
            state=state, nonce=nonce, challenge=challenge, redirect_uri=_callback(system)
        )
    except ProviderUnavailableError as error:
        raise _unavailable(error) from error
    answer = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
    kept = system.sealer.seal({"state": state, "nonce": nonce, "verifier": verifier})
    secure = system.settings.base_url.startswith("https://")
    answer.set_cookie(COOKIE, kept, LOGIN_S, path=router.prefix, secure=secure, httponly=True, samesite="lax")
    return answer


@router.get("/callback", include_in_schema=False)
async def come_back(
    request: Request, system: InSystem, state: str = "", code: str = "", error: str = ""
) -> RedirectResponse:
    """Where the provider sends the browser: on to the live page, with a code that the page exchanges at once."""
    provider, kept = _provider(system), system.sealer.unseal(request.cookies.get(COOKIE, ""), LOGIN_S)
    if kept is None or not secrets.compare_digest(kept["state"].encode(), state.encode()):
        raise _refused(request, "this login was begun elsewhere or too long ago")
    if error or not code:
        raise _refused(request, "the identity provider did not let you in")
    try:
        claims = await provider.exchange(
            code, verifier=kept["verifier"], nonce=kept["nonce"], redirect_uri=_callback(system)
        )
        subject = system.authenticate.subject_of(claims)
    except ForeignTokenError as foreign:
        raise _refused(request, str(foreign)) from foreign
    except ProviderUnavailableError as unavailable:
        raise _unavailable(unavailable) from unavailable
    answer = RedirectResponse(await _page(system, subject), status_code=303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(COOKIE, path=router.prefix)
    return answer


async def _page(system: System, subject: Subject) -> str:
    """The live page's address with a one-time code, behind the # so that no server and no log sees it."""
    if subject.service not in system.rulebooks.services:
        raise Problem.forbidden(f"you are staff of service {subject.service}, which does not run here")
    return await system.login.page_address(subject, system.settings.base_url, PAGE_CODE_LIFE)


def _provider(system: System) -> IdentityProvider:
    provider = system.authenticate.provider
    if provider is None or system.settings.oidc_client_id is None:
        raise Problem.not_found("nobody logs in here by an identity provider: CSBE_OIDC_CLIENT_ID is not set")
    return provider


def _callback(system: System) -> str:
    return f"{system.settings.base_url}{router.prefix}/callback"


def _refused(request: Request, why: str) -> Problem:
    security_log.note("staff_login_refused", request, reason=why)
    return Problem.unauthorized(f"{why}: log in again at {router.prefix}")


def _unavailable(error: ProviderUnavailableError) -> Problem:
    return Problem(503, "unavailable", "Not available", f"the identity provider does not answer: {error}")
