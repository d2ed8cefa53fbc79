"""Logging in over HTTP. Whoever may not get in learns nothing about why; the security log has it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from api import security_log
from api.auth import Allowed, Caller, caller, lacks
from api.login import LoginRefusedError, TokenPair, TooManyTriesError
from api.problems import Problem
from api.rest.commands import Dispatch, DispatchIfMatch, InSystem
from api.rest.routing import Router
from api.rest.schemas.base import Accepted
from api.rest.schemas.login import (
    CodeLogin,
    CodeRequest,
    CodeSent,
    LoggedOut,
    PageLogin,
    RefreshBody,
    RevocationBody,
    SessionList,
    SessionShown,
    Tokens,
)
from api.services import service_of
from api.system import System
from domain.identity.commands import RevokeAllSessions, RevokeSession
from domain.identity.sessions import Subject
from domain.kernel.messages import Role

router = Router(prefix="/v1/login", tags=["login"])

CODE_LIFE_S = 600
Anybody = Annotated[Caller, Depends(caller)]
Revoker = Annotated[Caller, Depends(Allowed("own:write", "members:write", "sessions:write"))]


@router.post("/codes", status_code=202)
async def send_login_code(body: CodeRequest, request: Request, system: InSystem) -> CodeSent:
    """Have a one-time code mailed to a member. The answer is the same for an address that nobody has."""
    service = requested_service(body.service, system)
    try:
        await system.login.send_code(service, body.email)
    except TooManyTriesError as error:
        raise _too_many(error, request) from error
    return CodeSent(expires_in=CODE_LIFE_S)


@router.post("/tokens")
async def log_in(body: CodeLogin, request: Request, response: Response, system: InSystem) -> Tokens:
    """Log in by the code that was mailed, which proves the address. A few wrong ones end it."""
    service = requested_service(body.service, system)
    try:
        pair = await system.login.by_code(service, body.email, body.code)
    except TooManyTriesError as error:
        raise _too_many(error, request) from error
    except LoginRefusedError as error:
        raise refused(error, request, "the code is wrong or has ended: ask for a new one") from error
    return given(pair, request, response)


@router.post("/pages")
async def log_page_in(body: PageLogin, request: Request, response: Response, system: InSystem) -> Tokens:
    """Exchange the one-time code from the address of a page."""
    try:
        pair = await system.login.by_page_code(body.code)
    except LoginRefusedError as error:
        raise refused(error, request, "the code of this address was used or has ended: log in again") from error
    return given(pair, request, response)


@router.post("/refresh")
async def refresh_tokens(body: RefreshBody, request: Request, response: Response, system: InSystem) -> Tokens:
    """Go on with a session. A refresh token is good once: one that comes again ends the session."""
    try:
        pair = await system.login.refresh(body.refresh_token)
    except LoginRefusedError as error:
        raise refused(error, request, "the session has ended: log in again") from error
    return given(pair, request, response)


@router.post("/revoke")
async def log_out(body: RefreshBody, request: Request, system: InSystem) -> LoggedOut:
    """Log out: the session ends, and its access tokens with it. Unknown tokens get the same answer (RFC 7009)."""
    if grant := await system.login.end(body.refresh_token):
        security_log.note("logged_out", request, **_named(grant.subject), session=grant.session_id)
    return LoggedOut()


@router.command("/revoke-all", RevokeAllSessions)
async def revoke_all_tokens(body: RevocationBody, request: Request, by: Revoker, dispatch: Dispatch) -> Accepted:
    """One's own; an agent those of a member, an operator those of staff."""
    whose = _revocable(body, by)
    command = RevokeAllSessions(role=whose.role, subject_id=whose.id, reason=body.reason)
    done = await dispatch.send(command, whose.sessions_id, dispatch.metadata(command, by))
    await dispatch.system.login.revocations.refresh()
    security_log.note("all_revoked", request, **_named(whose), by_role=by.role, by=by.subject)
    return done


@router.get("/sessions")
async def list_sessions(by: Anybody, system: InSystem) -> SessionList:
    """Where one is logged in, the newest first: twenty at most."""
    found = await system.login.sessions(by.who)
    return SessionList(sessions=[SessionShown.of(session, current=by.session_id) for session in found])


@router.command("/sessions/{session_id}/revoke", RevokeSession)
async def revoke_session(session_id: UUID, request: Request, by: Anybody, dispatch: DispatchIfMatch) -> Accepted:
    """One of one's own; its tokens end with it. One that is not open, or another's, changes nothing."""
    command = RevokeSession(role=by.role, subject_id=by.subject, session_id=session_id)
    done = await dispatch.send(command, by.who.sessions_id, dispatch.metadata(command, by))
    await dispatch.system.login.revocations.refresh()
    security_log.note("session_revoked", request, **_named(by.who), session=session_id)
    return done


def requested_service(asked: str | None, system: System) -> str:
    """The service that a request without a token is for. Raises `Problem` 400."""
    try:
        return service_of(asked, system.settings.service, system.rulebooks.services)
    except ValueError as error:
        raise Problem.bad_request(str(error)) from error


def given(pair: TokenPair, request: Request, response: Response) -> Tokens:
    """The answer to a login, which nobody keeps on the way (RFC 6749, 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    security_log.note("tokens_given", request, **_named(pair.grant.subject), session=pair.grant.session_id)
    return Tokens.of(pair)


def refused(error: LoginRefusedError, request: Request, detail: str) -> Problem:
    """The answer to whoever is not let in, the same for every reason."""
    who = {} if error.grant is None else {**_named(error.grant.subject), "session": str(error.grant.session_id)}
    security_log.note("login_refused", request, reason=error, **who)
    return Problem.unauthorized(detail)


def _too_many(error: TooManyTriesError, request: Request) -> Problem:
    security_log.note("too_many_tries", request, wait_s=error.wait_s)
    return Problem.too_many(f"this address was tried too often: wait {error.wait_s} seconds", wait_s=error.wait_s)


def _revocable(body: RevocationBody, by: Caller) -> Subject:
    """Whose tokens these are. Raises `Problem` 403 where they are not the caller's to end."""
    if body.subject is None or (body.role, body.subject) == (by.role, by.subject):
        return by.who
    scope = "members:write" if body.role is Role.MEMBER else "sessions:write"
    if not by.may(scope):
        raise Problem.forbidden(lacks(by.role, scope))
    return Subject(by.service, body.role, body.subject)


def _named(who: Subject) -> dict[str, str]:
    return {"service": who.service, "role": who.role, "subject": who.id}
