"""An OpenID Connect provider (Core 1.0, Discovery 1.0; PKCE is RFC 7636): the port `IdentityProvider`."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import jwt

from domain.identity.ports import Claims, ForeignTokenError, ProviderUnavailableError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures of a key pair: nobody who can check one can make one."""
LEEWAY_S = 5
FRESH_S = 3600.0
"""How long what the provider publishes about itself is believed."""
RENEWED_S = 5.0
"""Keys are not asked for more often, however many tokens name a key that nobody knows."""
TIMEOUT_S = 5.0
_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))

Document = dict[str, Any]  # JSON of the provider


class OidcProvider:
    """Knows a provider by its issuer; keys and addresses are fetched when they are needed, and kept."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        issuer: str,
        client_id: str | None,
        client_secret: str | None,
        audience: str | None,
    ) -> None:
        """Raises `ValueError` for an issuer to which the way is not private."""
        address = urlsplit(issuer)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise ValueError(f"CSBE_OIDC_ISSUER {issuer} must begin with https://")
        self._http = http
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._audience = audience
        self._about = _Kept(self._discover, FRESH_S)
        self._keys = _Kept(self._fetch_keys, FRESH_S)

    @property
    def issuer(self) -> str:
        return self._issuer

    async def trouble(self) -> str | None:
        """Why the provider cannot be asked, by a look at what it says of itself; none when it can."""
        try:
            await self._about.get(renew=True)
        except ProviderUnavailableError as error:
            return str(error)
        return self._about.trouble

    async def verified(self, token: str, /) -> Claims:
        if self._audience is None:
            raise ForeignTokenError("tokens of the provider are accepted where CSBE_OIDC_AUDIENCE is set")
        return await self._checked(token, self._audience)

    async def login_address(self, *, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self._client_id or "",
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = await self._named("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    async def exchange(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> Claims:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        answer = await self._answered(await self._ask_for_tokens(form))
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise ForeignTokenError("the provider gave no ID token")
        claims = await self._checked(id_token, self._client_id or "")
        if claims.get("nonce") != nonce:
            raise ForeignTokenError("the ID token is of another login")
        return claims

    async def _ask_for_tokens(self, form: dict[str, str]) -> httpx2.Response:
        """As a confidential client where we have a secret (RFC 6749, 2.3.1), else as a public one."""
        address, client_id = await self._named("token_endpoint"), self._client_id or ""
        try:
            if self._client_secret is None:
                return await self._http.post(address, data={**form, "client_id": client_id})
            return await self._http.post(address, data=form, auth=httpx2.BasicAuth(client_id, self._client_secret))
        except httpx2.HTTPError as error:
            raise ProviderUnavailableError(type(error).__name__) from error

    async def _checked(self, token: str, audience: str) -> Claims:
        try:
            key = await self._key_of(jwt.get_unverified_header(token).get("kid"))
            claims: Document = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in ALGORITHMS else [],
                audience=audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise ForeignTokenError(_in_words(error)) from error
        return claims

    async def _key_of(self, kid: object) -> jwt.PyJWK:
        """The provider's key of this id, asked for anew when it is not known; without an id, the only one."""
        for renew in (False, True):
            keys: list[jwt.PyJWK] = (await self._keys.get(renew=renew))["keys"]
            found = [key for key in keys if kid in {None, key.key_id}]
            if len(found) == 1:
                return found[0]
        raise ForeignTokenError("it names no key of the provider")

    async def _fetch_keys(self) -> Document:
        document = await self._get(await self._named("jwks_uri"))
        try:
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (jwt.PyJWTError, TypeError, AttributeError) as error:
            raise ProviderUnavailableError("its key set cannot be read") from error
        return {"keys": [key for key in keys if key.public_key_use in {None, "sig"}]}

    async def _discover(self) -> Document:
        document = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer:
            raise ProviderUnavailableError("its discovery document is of another issuer")
        return document

    async def _named(self, endpoint: str) -> str:
        address = (await self._about.get()).get(endpoint)
        if not isinstance(address, str):
            raise ProviderUnavailableError(f"its discovery document has no {endpoint}")
        return address

    async def _get(self, address: str) -> Document:
        try:
            return await self._answered(await self._http.get(address))
        except httpx2.HTTPError as error:
            raise ProviderUnavailableError(type(error).__name__) from error

    @staticmethod
    async def _answered(answer: httpx2.Response) -> Document:
        """The JSON object of an answer. Raises `ForeignTokenError` when the provider refuses."""
        if 400 <= answer.status_code < 500:  # noqa: PLR2004 (the statuses of a client's faults)
            raise ForeignTokenError(f"the provider refuses it ({answer.status_code})")
        try:
            document = answer.json() if answer.is_success else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ProviderUnavailableError(f"it answers {answer.status_code} without a JSON object")
        return document


class _Kept:
    """What was fetched, until it is old; by one at a time."""

    def __init__(self, fetch: Callable[[], Any], fresh_s: float) -> None:
        self._fetch = fetch
        self._fresh_s = fresh_s
        self._value: Document = {}
        self._at = -fresh_s
        self.trouble: str | None = None
        """Why the last fetch failed; none when it did not."""
        self._fetching = asyncio.Lock()

    async def get(self, *, renew: bool = False) -> Document:
        """The value; to `renew` it counts as old after a few seconds. What is old will do while there is no newer."""
        async with self._fetching:
            if monotonic() - self._at >= (RENEWED_S if renew else self._fresh_s) or not self._value:
                try:
                    self._value = await self._fetch()
                    self.trouble = None
                except (ProviderUnavailableError, ForeignTokenError) as error:
                    self.trouble = str(error)
                    if not self._value:
                        raise ProviderUnavailableError(str(error)) from error
                self._at = monotonic()
            return self._value


def _in_words(error: Exception) -> str:
    """Why a token does not hold, without what it says."""
    words: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "it has expired",
        jwt.ImmatureSignatureError: "it is not good yet",
        jwt.InvalidAudienceError: "it is for somebody else",
        jwt.InvalidIssuerError: "it is of another issuer",
        jwt.InvalidSignatureError: "its signature is wrong",
    }
    return words.get(type(error), "it is damaged, or lacks a claim")
