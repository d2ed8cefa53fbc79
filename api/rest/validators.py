"""Conditional reads (RFC 9110, 13): an answer that the caller has already is not sent again."""

from hashlib import blake2b

from fastapi import Request, Response

KEPT = ("etag", "cache-control", "vary", "location")


def conditional(request: Request, answer: Response) -> Response:
    """The answer with an ETag of its content, or 304 without content when the caller's If-None-Match names it.

    The ETag begins with the version of what is shown, where there is one: If-Match goes by that part, since what a
    reader sees may change, such as a car's readings, while there is nothing new to decide about.
    """
    if answer.status_code != 200 or not hasattr(answer, "body") or not answer.body:  # noqa: PLR2004 (OK)
        return answer
    version = answer.headers.get("etag", "").strip('"')
    digest = blake2b(answer.body, digest_size=9).hexdigest()
    tag = f'"{version}.{digest}"' if version else f'"{digest}"'
    answer.headers["ETag"] = tag
    if not _names(request.headers.get("if-none-match"), tag):
        return answer
    return Response(status_code=304, headers={name: answer.headers[name] for name in KEPT if name in answer.headers})


def _names(header: str | None, tag: str) -> bool:
    """Whether If-None-Match names a tag, by weak comparison, as proxies that compress make tags weak."""
    given = [part.strip().removeprefix("W/") for part in (header or "").split(",")]
    return tag in given or given == ["*"]
