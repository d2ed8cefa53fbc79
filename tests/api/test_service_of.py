"""Which service is meant where none is named."""

import pytest

from api.services import service_of


@pytest.mark.parametrize(
    ("asked", "configured", "known", "meant"),
    [
        (None, None, {"a"}, "a"),
        (None, "b", {"a", "b"}, "b"),
        ("a", "b", {"a", "b"}, "a"),
    ],
)
def test_the_one_asked_for_or_configured_or_the_only_one_is_meant(
    asked: str | None, configured: str | None, known: set[str], meant: str
) -> None:
    assert service_of(asked, configured, known) == meant


@pytest.mark.parametrize(
    ("asked", "configured", "known", "why"),
    [
        (None, None, {"a", "b"}, "several services run here, so say which: a, b; CSBE_SERVICE"),
        ("c", None, {"a", "b"}, "there is no service c: choose one of a, b"),
        (None, "c", {"a"}, "there is no service c, as CSBE_SERVICE says: choose one of a"),
        (None, None, set[str](), "none runs here"),
    ],
)
def test_otherwise_the_answer_says_which_there_are(
    asked: str | None, configured: str | None, known: set[str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        service_of(asked, configured, known)
