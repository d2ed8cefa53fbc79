"""What logging in consists of: codes, tokens, the identity provider, and who is asking."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import httpx2
import structlog

from adapters.oidc.provider import TIMEOUT_S, OidcProvider
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.identity.codes import PostgresLoginCodes
from adapters.postgres.identity.revocations import LogRevocations
from adapters.postgres.identity.secret import LoginSecret
from adapters.postgres.identity.tokens import PostgresPageCodes, PostgresRefreshTokens
from adapters.waiting import is_set_within
from api.authentication import Authenticator
from api.composition.foundation import Foundation
from api.login import Login
from api.sealing import Sealer
from domain.kernel.ports import Clock

log = structlog.get_logger(__name__)

SWEEP_S = 60.0


@dataclass(frozen=True)
class Logins:
    """The parts, composed once for a process."""

    login: Login
    authenticate: Authenticator
    sealer: Sealer
    codes: PostgresLoginCodes
    revocations: LogRevocations
    clock: Clock
    provider: OidcProvider | None

    async def sweep(self, stop: asyncio.Event) -> None:
        """Delete what has ended, again and again until told to stop."""
        while not stop.is_set():
            try:
                await self.codes.sweep(self.clock.now())
            except TRANSIENT_ERRORS as error:
                log.warning("codes that have ended could not be deleted", error=str(error))
            await is_set_within(stop, SWEEP_S)


@asynccontextmanager
async def logins(base: Foundation) -> AsyncIterator[Logins]:
    """The parts over a foundation. Raises `ValueError` for a provider that cannot be trusted."""
    key = await base.store.keys.of_installation("login")
    secret, settings = LoginSecret(key), base.settings
    codes, revocations = PostgresLoginCodes(base.pool, secret), LogRevocations(base.pool)
    await revocations.refresh()
    async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as http:
        login = Login(
            dispatcher=base.dispatcher,
            store=base.store,
            clock=base.clock,
            tokens=base.tokens,
            access_life=timedelta(minutes=settings.access_token_minutes),
            codes=codes,
            refresh_tokens=PostgresRefreshTokens(
                base.pool,
                secret,
                member=timedelta(days=settings.member_session_days),
                staff=timedelta(hours=settings.staff_session_hours),
            ),
            pages=PostgresPageCodes(base.pool, secret),
            revocations=revocations,
        )
        provider = _provider(base, http)
        authenticate = Authenticator(
            tokens=base.tokens,
            revocations=revocations,
            provider=provider,
            staff=settings.staff_rules,
            service=settings.service,
            services=lambda: base.rulebooks.services,
        )
        sealer = Sealer(sha256(b"sealing" + key).digest())
        yield Logins(login, authenticate, sealer, codes, revocations, base.clock, provider)


def _provider(base: Foundation, http: httpx2.AsyncClient) -> OidcProvider | None:
    settings = base.settings
    if settings.oidc_issuer is None:
        return None
    return OidcProvider(
        http,
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None,
        audience=settings.oidc_audience,
    )
