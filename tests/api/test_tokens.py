"""A token that was found good is not checked again, and still ends when it should."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import auth
from api.auth import Caller, TokenAuthority
from api.problems import Problem
from domain.kernel.messages import Role

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
"""Longer than any run of the tests: the time of tokens begins when this file is read."""
ANNE = Caller(Role.AGENT, "anne", "drivenow-europe", expires_at=float(int((NOW + DAY).timestamp())))


@pytest.fixture
def authority() -> TokenAuthority:
    return TokenAuthority(Ed25519PrivateKey.generate())


def token_of(authority: TokenAuthority, *, subject: str = "anne", expires_in: timedelta = DAY) -> str:
    return authority.issue(Role.AGENT, subject, service="drivenow-europe", at=NOW, expires_in=expires_in)


def test_a_token_says_the_same_each_time(authority: TokenAuthority) -> None:
    token = token_of(authority)
    assert [authority.verify(token), authority.verify(token)] == [ANNE, ANNE]


def test_a_token_that_was_good_is_refused_once_it_has_expired(
    authority: TokenAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(authority, expires_in=DAY / 2)
    assert authority.verify(token).expires_at == ANNE.expires_at - (DAY / 2).total_seconds()
    later = NOW + DAY / 2
    monkeypatch.setattr(auth, "time", later.timestamp)
    monkeypatch.setattr("jwt.api_jwt.datetime", _at(later))

    with pytest.raises(Problem, match="expired"):
        authority.verify(token)


def test_a_token_of_another_key_is_refused_beside_a_good_one(authority: TokenAuthority) -> None:
    other = TokenAuthority(Ed25519PrivateKey.generate())
    ours, theirs = token_of(authority), token_of(other)
    assert (authority.verify(ours), other.verify(theirs)) == (ANNE, ANNE)

    with pytest.raises(Problem, match="not one of ours"):
        authority.verify(theirs)


def test_while_keys_are_changed_the_tokens_of_both_hold_and_then_those_of_the_new_one_alone() -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    steps = [TokenAuthority(*keys) for keys in ((old,), (old, new), (new, old), (new,))]
    tokens = [token_of(step) for step in steps]

    def holds(step: TokenAuthority, token: str) -> bool:
        try:
            return step.verify(token) == ANNE
        except Problem:
            return False

    assert [[holds(step, token) for token in tokens] for step in steps] == [
        [True, True, False, False],
        [True, True, True, True],
        [True, True, True, True],
        [False, False, True, True],
    ]


def test_a_token_names_the_key_by_which_anybody_can_check_it() -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    authority = TokenAuthority(new, old)
    published = jwt.PyJWKSet.from_dict(authority.key_set())
    for token in (token_of(authority), token_of(TokenAuthority(old))):
        key = published[jwt.get_unverified_header(token)["kid"]]

        assert jwt.decode(token, key, algorithms=["EdDSA"], audience=auth.AUDIENCE)["sub"] == "anne"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("service", ["drivenow-europe"]),
        ("service", None),
        ("role", ["agent"]),
        ("role", "king"),
        ("sub", 7),
        ("sub", ""),
        ("sid", "not an id"),
        ("sid", 7),
        ("exp", [1]),
        ("exp", "soon"),
        pytest.param("exp", (NOW + timedelta(days=8)).timestamp(), id="exp-in-eight-days"),
        ("iat", "now"),
        pytest.param("iat", (NOW + timedelta(hours=1)).timestamp(), id="iat-in-an-hour"),
        ("aud", {"a": "b"}),
    ],
)
def test_a_signed_token_whose_claims_are_of_a_wrong_type_or_too_good_is_refused(
    authority: TokenAuthority, claim: str, value: object
) -> None:
    claims = jwt.decode(token_of(authority), options={"verify_signature": False}) | {claim: value}
    signed = jwt.encode(claims, authority._private, algorithm="EdDSA")

    with pytest.raises(Problem, match="not one of ours"):
        authority.verify(signed)


def test_a_token_of_a_host_whose_clock_is_ahead_is_good(authority: TokenAuthority) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=3)

    token = authority.issue(Role.AGENT, "anne", service="drivenow-europe", at=ahead, expires_in=DAY)

    assert authority.verify(token).subject == "anne"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_good_token_that_was_altered_is_refused(authority: TokenAuthority, part: int) -> None:
    token = token_of(authority)
    assert authority.verify(token) == ANNE
    parts = token.split(".")
    parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")

    with pytest.raises(Problem, match="not one of ours"):
        authority.verify(".".join(parts))


def test_the_tokens_not_seen_for_longest_are_forgotten_and_checked_anew(
    authority: TokenAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_TOKENS", 2)
    tokens = [token_of(authority, subject=name) for name in ("anne", "bert", "cora")]

    assert [authority.verify(token).subject for token in tokens * 2] == ["anne", "bert", "cora"] * 2


def _at(moment: datetime) -> type[datetime]:
    """A clock for the library, which asks `datetime`."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Then":
            del tz
            return cls.fromtimestamp(moment.timestamp(), UTC)

    return Then
