"""Which of several media types a client takes (RFC 9110, 12.5.1)."""

from collections.abc import Iterator, Sequence

from api.problems import Problem

_EVERYTHING = "*/*"


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """The first of those offered that a client takes; the order is ours. Raises `Problem` 406."""
    ranges = dict(_ranges(accept or _EVERYTHING))
    for media_type in offered:
        if _weight(media_type, ranges) > 0:
            return media_type
    raise Problem.not_acceptable(f"this address answers with {' or '.join(offered)}: let Accept name one of them")


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [value for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"]
        yield media_range, _number(weights[0]) if weights else 1.0


def _number(weight: str) -> float:
    """What cannot be read counts as wanted, since a client that says something of a type knows it."""
    try:
        return float(weight)
    except ValueError:
        return 1.0


def _weight(media_type: str, ranges: dict[str, float]) -> float:
    """By what is said most closely of it."""
    kind = media_type.partition("/")[0]
    said = (ranges[one] for one in (media_type, f"{kind}/*", _EVERYTHING) if one in ranges)
    return next(said, 0.0)
