"""MkDocs hook: reference pages made from the code: events, commands, routes, reports, settings, command line."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from fastapi.routing import APIRoute
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import projections
from api.auth import SCOPES, Allowed
from api.cli import app
from api.rest.application import PARTS
from api.settings import Settings
from domain import contexts
from domain.kernel.aggregate import DomainEvent, event_classes


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "events": _events(),
        "routes": _routes(),
        "reports": _reports(),
        "settings": _settings(),
        "cli": _command_line(),
    }
    for name, lines in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines) + "\n"))
    return files


def _events() -> Iterator[str]:
    yield "# Events and commands\n\nNames are permanent."
    yield "A field of a type `Personal` is stored encrypted under the person's key."
    for topic, aggregate in sorted(contexts.AGGREGATES.items()):
        yield f"\n## {topic}\n\n{_first_line(aggregate)}\n\n| event | what it says | facts |\n|---|---|---|"
        for event in event_classes(aggregate):
            yield f"| `{event.TOPIC}` | {_first_line(event)} | {_facts(event)} |"
    yield "\n## Commands\n\n| command | what it asks for | fields |\n|---|---|---|"
    for name, command in sorted(contexts.COMMANDS.items()):
        yield f"| `{name}` | {_first_line(command)} | {_names(command.model_fields)} |"


def _routes() -> Iterator[str]:
    yield "# Routes and roles\n\nEach route asks for one of its scopes; `/openapi.json` describes it whole."
    for part in PARTS:
        routes = [route for route in part.routes if isinstance(route, APIRoute)]
        yield f"\n## {routes[0].tags[0]}\n\n| route | what it does | scopes |\n|---|---|---|"
        yield from (_route(route) for route in routes)
    yield "\n## Roles\n\n| role | scopes |\n|---|---|"
    for role, scopes in SCOPES.items():
        yield f"| {role} | {_names(sorted(scopes))} |"


def _route(route: APIRoute) -> str:
    verbs, what = " ".join(sorted(route.methods or ())), route.description.split("\n")[0]
    return f"| `{verbs} {route.path}` | {what} | {_names(_scopes(route))} |"


def _scopes(route: APIRoute) -> Iterator[str]:
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Allowed):
            yield from dependency.call.scopes


def _reports() -> Iterator[str]:
    yield "# Reports\n\nThe views of schema `reports`, which the role `csbe_analyst` may read."
    comments = re.findall(r"^comment on \w+ reports\.(\w+)\.?(\w*) is '(.*)';$", projections.schema_sql(), re.MULTILINE)
    for view, column, quoted in comments:
        text = quoted.replace("''", "'")
        yield (
            f"| `{column}` | {text} |" if column else f"\n## {view}\n\n{text}\n\n| column | what it holds |\n|---|---|"
        )


def _settings() -> Iterator[str]:
    yield "# Settings\n\nAll come from the environment.\n\n| variable | default | what it is |\n|---|---|---|"
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        yield f"| `{prefix}{name.upper()}` | {default} | {field.description} |"
    yield "\nOpenTelemetry's own `OTEL_…` turn traces on: see [Trace a request](../how-to/trace-a-request.md)."


def _command_line() -> Iterator[str]:
    yield "# Command line"
    yield from _command(typer.main.get_command(app), "csbe")


def _command(command: Any, name: str) -> Iterator[str]:
    # a group or a command of typer's own click
    context = command.make_context(name, [], resilient_parsing=True)
    yield f"\n## {name}\n\n{command.help or ''}\n"
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f"- `{record[0]}`: {record[1]}"
    for child_name, child in getattr(command, "commands", {}).items():
        yield from _command(child, f"{name} {child_name}")


def _first_line(documented: type) -> str:
    return (documented.__doc__ or "").strip().split("\n")[0].replace("|", "\\|")


def _facts(event: type[DomainEvent]) -> str:
    common = {*DomainEvent.model_fields, "originator_topic"}
    return _names(name for name in event.model_fields if name not in common)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
