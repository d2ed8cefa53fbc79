"""What all routes have in common: no parameter is passed over in silence, and a command describes its route."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from inspect import cleandoc
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from api.problems import Problem
from api.reads import note_reads
from api.rest.validators import conditional
from domain.kernel.messages import Command

Route = TypeVar("Route", bound=Callable[..., Awaitable[object]])
Answers = dict[int | str, dict[str, Any]]
"""What a route may answer besides its model: FastAPI's type of additional answers."""
Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route that refuses query parameters which it does not know, as a filter that is passed over shows too much.

    What it shows has an ETag, and is not sent again to whoever has it; whose it is, is put on record.
    """

    def get_route_handler(self) -> Answer:
        """As FastAPI's, after a look at the query."""
        answer = super().get_route_handler()
        parameters = [*_asked(self.dependant)]
        known = frozenset(parameter.alias for parameter in parameters)
        lists = frozenset(p.alias for p in parameters if "list[" in str(p.field_info.annotation))

        async def strict(request: Request) -> Response:
            if request.query_params:
                _refuse_what_is_passed_over(request.query_params, known, lists)
            given = await answer(request)
            await note_reads(request, getattr(given, "body", b""))
            return conditional(request, given) if request.method in {"GET", "HEAD"} else given

        return strict


def _asked(dependant: Dependant) -> Iterator[ModelField]:
    """The query parameters of a route and of what it depends on."""
    yield from dependant.query_params
    for part in dependant.dependencies:
        yield from _asked(part)


def _refuse_what_is_passed_over(given: QueryParams, known: frozenset[str], lists: frozenset[str]) -> None:
    """Raise `Problem` 422 for a parameter that the route does not know, or that comes twice where one value counts."""
    takes = f"this address takes {', '.join(sorted(known))}" if known else "this address takes none"
    wrong = {name: f"there is no such parameter: {takes}" for name in given if name not in known}
    for name in known - lists:
        if len(given.getlist(name)) > 1:
            wrong[name] = "give it once"
    if wrong:
        raise Problem.unfit(wrong)


class Router(APIRouter):
    """The routes of a context. One that gives a command is described by it, so that its sentence is written once.

    The name of a route's function is its operation id: what generated clients call it by.
    """

    def __init__(self, *, prefix: str = "", tags: list[str] | None = None) -> None:
        super().__init__(
            prefix=prefix,
            tags=list(tags or ()),
            route_class=StrictRoute,
            generate_unique_id_function=lambda route: route.name,
        )

    def command(
        self, path: str, command: type[Command], *, status_code: int = 200, responses: Answers | None = None
    ) -> Callable[[Route], Route]:
        """A POST that gives such a command. What only HTTP needs to know stands in the docstring of the route."""

        def described(route: Route) -> Route:
            texts = (cleandoc(text) for text in (command.__doc__, route.__doc__) if text)
            return self.post(path, status_code=status_code, description=" ".join(texts), responses=responses)(route)

        return described
