"""Who is asking: signed tokens (JWT, EdDSA), a role with its scopes, and nothing that is not granted."""

import json
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from pathlib import Path
from time import time
from typing import Annotated, Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api import security_log
from api.key_files import made_once
from api.problems import Problem
from api.wording import WITHOUT_NUL
from domain.identity.sessions import Subject
from domain.kernel.messages import Actor, Role

ISSUER = "csbe"
AUDIENCE = "csbe-api"
ALGORITHM = "EdDSA"
LEEWAY_S = 5
"""How far the clock of whoever issued a token may be ahead of ours."""
LONGEST_LIFE = timedelta(days=7)
"""No token is good for longer: so long, what was revoked is remembered."""
EXPIRED = "the token has expired: get a new one"
REMEMBERED_TOKENS = 20_000
"""So many verified tokens are kept in memory, about 1 kB each."""

SCOPES: dict[Role, frozenset[str]] = {
    Role.MEMBER: frozenset({"own:read", "own:write", "vehicles:read"}),
    Role.AGENT: frozenset(
        {
            "members:read",
            "members:write",
            "rentals:read",
            "rentals:write",
            "vehicles:read",
            "fleet:read",
            "invoices:read",
            "invoices:write",
            "documents:read",
        }
    ),
    Role.OPERATOR: frozenset(
        {
            "vehicles:read",
            "vehicles:write",
            "fleet:read",
            "rentals:read",
            "reports:read",
            "jobs:read",
            "live:read",
            "webhooks:read",
            "webhooks:write",
            "personal:read",
            "sessions:write",
        }
    ),
    Role.ANALYST: frozenset({"reports:read"}),
    Role.AUDITOR: frozenset({"history:read", "live:read", "reports:read", "invoices:read"}),
    Role.DEVICE: frozenset(),
    Role.PARTNER: frozenset({"vehicles:read", "webhooks:read", "webhooks:write"}),
    Role.SYSTEM: frozenset(),
}
"""What each role may do. `own:` is about the things of the member who asks, and of nobody else."""


@dataclass(frozen=True)
class Caller:
    """A request's verified token."""

    role: Role
    subject: str
    service: str
    expires_at: float
    """In seconds since 1970."""
    issued_at: float = field(default=0.0, compare=False)
    """In seconds since 1970."""
    session_id: UUID | None = None
    """None for a token that nobody logged in for."""

    @property
    def who(self) -> Subject:
        """Whose token it is."""
        return Subject(self.service, self.role, self.subject)

    def has_expired(self) -> bool:
        """Whether the token has ended: what goes on for long must look again."""
        return self.expires_at <= time()

    @property
    def actor(self) -> Actor:
        """The caller as events name them."""
        return Actor(role=self.role, id=self.subject)

    def may(self, scope: str) -> bool:
        """Whether the role has a scope."""
        return scope in SCOPES[self.role]


class TokenAuthority:
    """Signs tokens and checks them; others check them by the public key set (RFC 7517).

    Those that the `other` key has signed hold too: it goes, or comes, while keys are changed.
    """

    def __init__(self, key: Ed25519PrivateKey, other: Ed25519PrivateKey | None = None) -> None:
        self._private = key
        self._public = {key_id(one): one.public_key() for one in (key, other) if one}
        self._verified = _VerifiedTokens()
        self._secret = sha256(b"csbe pseudonyms" + key.private_bytes_raw()).digest()

    def issue(
        self,
        role: Role,
        subject: str,
        *,
        service: str,
        at: datetime,
        expires_in: timedelta,
        session_id: UUID | None = None,
    ) -> str:
        """A token for a role and a subject (a member's id, an employee's name), of a session or of none."""
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "role": role.value,
            "scope": " ".join(sorted(SCOPES[role])),
            "service": service,
            "iat": at.timestamp(),
            "exp": at + expires_in,
        }
        if session_id is not None:
            claims["sid"] = str(session_id)
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": key_id(self._private)})

    def verify(self, token: str) -> Caller:
        """The caller. Raises `Problem` 401 for a token that is expired, foreign or damaged."""
        if (known := self._verified.get(token)) is not None:
            return known
        found = self._checked(token)
        self._verified.put(token, found)
        return found

    def _checked(self, token: str) -> Caller:
        try:
            claims = jwt.decode(
                token,
                self._public[jwt.get_unverified_header(token).get("kid", "")],
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "role", "service"]},
            )
            found = _Claims.model_validate(claims).caller()
        except jwt.ExpiredSignatureError as error:
            raise Problem.unauthorized(EXPIRED) from error
        except (jwt.InvalidTokenError, ValidationError, TypeError, LookupError, ValueError, OverflowError) as error:
            raise Problem.unauthorized("the token is not one of ours, or is damaged") from error
        if found.has_expired():
            raise Problem.unauthorized(EXPIRED)
        return found

    def pseudonym(self, text: str) -> str:
        """What stands for a name or an address in the security log: a digest under a key that follows from ours."""
        return blake2b(text.encode(), key=self._secret, digest_size=8).hexdigest()

    def key_set(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set."""
        more = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**_public_jwk(key), "kid": id, **more} for id, key in self._public.items()]}


def key_of(pem: str) -> Ed25519PrivateKey:
    """A private key in PEM. Raises `ValueError` when it is not an Ed25519 key."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        words = (
            "CSBE_TOKEN_KEY must be an Ed25519 private key in PEM, as of openssl genpkey; so must CSBE_OTHER_TOKEN_KEY"
        )
        raise ValueError(words)  # noqa: TRY004 (a bad value, not a bad type)
    return key


def key_in(path: Path) -> Ed25519PrivateKey:
    """That of a file, made readable by its owner alone when it does not exist."""
    return key_of(made_once(path, lambda: _pem(Ed25519PrivateKey.generate()).decode()))


def key_id(key: Ed25519PrivateKey) -> str:
    """By which a token says who signed it: a digest of the public key (RFC 7638, of OKP keys RFC 8037)."""
    jwk = _public_jwk(key.public_key())
    needed = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return urlsafe_b64encode(sha256(needed.encode()).digest()).rstrip(b"=").decode()


def _public_jwk(key: Ed25519PublicKey) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key))
    return found


class _Claims(BaseModel):
    """What our own tokens say. Raises `ValidationError` for what has another type, and lives too long."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    sub: Annotated[str, Field(min_length=1, max_length=200, pattern=WITHOUT_NUL)]
    role: str
    service: str
    iat: float
    exp: float
    sid: str | None = None

    def caller(self) -> Caller:
        """Raises `ValueError` for a role that there is not, and ids that are none."""
        role, session = Role(self.role), None if self.sid is None else UUID(self.sid)
        if role is Role.MEMBER and str(UUID(self.sub)) != self.sub:
            raise ValueError("the subject is not a member's id")
        if self.exp - self.iat > LONGEST_LIFE.total_seconds():
            raise ValueError("the token lives too long")
        return Caller(role, self.sub, self.service, self.exp, self.iat, session)


class _VerifiedTokens:
    """The tokens whose signature was found good, by their digest, until they expire: a client sends its own often."""

    def __init__(self) -> None:
        self._callers: OrderedDict[bytes, Caller] = OrderedDict()

    def get(self, token: str) -> Caller | None:
        """Whose token it is, unless it has expired or was not seen lately."""
        digest = _digest(token)
        caller = self._callers.get(digest)
        if caller is None or caller.has_expired():
            self._callers.pop(digest, None)
            return None
        self._callers.move_to_end(digest)
        return caller

    def put(self, token: str, caller: Caller) -> None:
        """Remember a token that is good; the one not seen for longest makes room."""
        self._callers[_digest(token)] = caller
        if len(self._callers) > REMEMBERED_TOKENS:
            self._callers.popitem(last=False)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


_bearer = HTTPBearer(
    auto_error=False, description="An access token: of a login, of `csbe token`, or of your identity provider."
)
Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def caller(request: Request, given: Given) -> Caller:
    """The verified caller of a request. Raises `Problem` 401, or 403 for a service that does not run here."""
    if given is None:
        security_log.note("token_missing", request)
        raise Problem.unauthorized("send a token: Authorization: Bearer <token>")
    system = request.app.state.system
    try:
        found: Caller = await system.authenticate(given.credentials)
    except Problem as problem:
        security_log.note("token_refused", request, reason=problem.document.detail)
        raise
    if found.service not in system.rulebooks.services:
        security_log.note("service_unknown", request, role=found.role, subject=found.subject)
        raise Problem.forbidden(f"the token is for service {found.service}, which does not run here")
    request.state.caller = found
    return found


class Allowed:
    """Dependency: the caller, if one of these scopes is theirs."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request, given: Given) -> Caller:
        asking = await caller(request, given)
        for scope in self.scopes:
            if asking.may(scope):
                request.state.right = scope
                return asking
        missing = " or ".join(self.scopes)
        security_log.note("scope_missing", request, role=asking.role, subject=asking.subject, scope=missing)
        raise Problem.forbidden(lacks(asking.role, missing))


def lacks(role: Role, scopes: str) -> str:
    """Why somebody may not do something."""
    return f"the role {role} may not do this: it takes the scope {scopes}"


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
