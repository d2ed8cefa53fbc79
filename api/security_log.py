"""The security log: who tried to get in, and from where. Lines of the logger `csbe.security`; never a secret."""

import structlog
from fastapi import Request

log = structlog.get_logger(__name__)
NAME = "csbe.security"


def note(what: str, request: Request, **facts: object) -> None:
    """One line: what happened, on which path, from which address. `facts` are ids, roles and reasons."""
    source = request.client.host if request.client else None
    log.info(what, logger=NAME, path=request.url.path, source=source, **{k: str(fact) for k, fact in facts.items()})
