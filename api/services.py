"""Which service a request or a command is for, where it may leave that open."""

from collections.abc import Collection


def service_of(asked: str | None, configured: str | None, known: Collection[str]) -> str:
    """The one asked for, else the one of the settings, else the only one that runs here.

    Raises `ValueError` when there is none of this key, or several to choose from.
    """
    chosen = asked or configured or (next(iter(known)) if len(known) == 1 else None)
    choices = ", ".join(sorted(known)) or "none runs here"
    if chosen is None:
        raise ValueError(f"several services run here, so say which: {choices}; CSBE_SERVICE sets what holds otherwise")
    if chosen not in known:
        said = "" if asked else ", as CSBE_SERVICE says"
        raise ValueError(f"there is no service {chosen}{said}: choose one of {choices}")
    return chosen
