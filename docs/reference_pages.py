"""MkDocs hook: reference pages made from the code: events, commands, routes, reports, settings, command line."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from fastapi.routing import APIRoute
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import projections
from api.auth import SCOPES, Allowed
from api.cli import app
from api.error_catalogue import PROBLEMS, VIOLATIONS
from api.rest.application import ROUTERS
from api.settings import Settings
from domain import contexts
from domain.kernel.aggregate import DomainEvent, event_classes
from domain.rulebook.readings import DURATION
from domain.rulebook.schema import schema

SCHEMAS = Path(__file__).parent / "reference" / "schemas"
MARKS = {"x-personal": "**About a person.** ", "x-restricted": "**Restricted.** "}

A_NAME = "A name of what is shared."
KINDS = 4
"""More models than this are elements."""

ABOUT_SCHEMAS = """\
The facts of each event as JSON. A schema is of one version, for ever: it says what is stored (`$defs/Stored`), and what
others get as the data of an outgoing event, whose `dataschema` is the schema's `$id`. What is about a person is stored
encrypted under that person's key, is null once the person is erased, and leaves only where that is granted. What is
restricted is stored readable, and leaves only where that is granted and the person is not erased. Times are UTC; names
that end in `_m`, `_s`, `_kmh` and `_minor` count metres, seconds, kilometres an hour and minor units of a currency."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "events": _events(),
        **{f"events-{context}": _facts_of_a_context(context) for context in _contexts()},
        "routes": _routes(),
        "errors": _errors(),
        "reports": _reports(),
        "settings": _settings(),
        "cli": _command_line(),
        "rulebook": _rulebook(),
    }
    for name, lines in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines) + "\n"))
    return files


def _events() -> Iterator[str]:
    yield "# Events and commands\n\nNames are permanent. Each event's facts, and a JSON Schema of each version, stand"
    yield f"on the page of its context: {', '.join(f'[{c}](events-{c}.md)' for c in _contexts())}."
    for topic, aggregate in sorted(contexts.AGGREGATES.items()):
        yield f"\n## {topic}\n\n{_first_line(aggregate)}\n\n| event | what it says |\n|---|---|"
        for event in event_classes(aggregate):
            link = f"events-{_context(event)}.md#{_anchor(event)}"
            yield f"| [`{event.TOPIC}`]({link}) | {_first_line(event)} |"
    yield "\n## Commands\n\n| command | what it asks for | fields |\n|---|---|---|"
    for name, command in sorted(contexts.COMMANDS.items()):
        yield f"| `{name}` | {_first_line(command)} | {_names(command.model_fields)} |"


def _facts_of_a_context(context: str) -> Iterator[str]:
    yield f"# Events: {context}\n\n{ABOUT_SCHEMAS}"
    for event in contexts.EVENTS.values():
        if _context(event) == context:
            yield from _facts(event)


def _facts(event: type[DomainEvent]) -> Iterator[str]:
    versions = range(event.class_version, 0, -1)
    links = ", ".join(f"[version {v}](schemas/{event.TOPIC}.v{v}.json)" for v in versions)
    schema = json.loads((SCHEMAS / f"{event.TOPIC}.v{event.class_version}.json").read_text("utf-8"))
    yield f"\n## {event.TOPIC} {{ #{_anchor(event)} }}\n\n{_text(schema['description'])}\n\nSchema: {links}\n"
    yield "| fact | type | meaning |\n|---|---|---|"
    for name, fact in schema["properties"].items():
        marks = "".join(text for mark, text in MARKS.items() if fact.get(mark))
        yield f"| `{name}` | {_type(fact)} | {marks}{_text(fact.get('description', ''))} |"


def _type(fact: dict[str, Any]) -> str:
    if "$ref" in fact:
        return str(fact["$ref"]).rpartition("/")[2]
    if "const" in fact:
        return f"`{fact['const']}`"
    if "enum" in fact:
        return " or ".join(f"`{value}`" for value in fact["enum"])
    if choices := fact.get("anyOf") or fact.get("oneOf"):
        return " or ".join(told for choice in choices if (told := _type(choice)) != "Sealed")
    inner = {"array": fact.get("items"), "object": fact.get("additionalProperties")}.get(fact.get("type", ""))
    kind = fact.get("format") or fact.get("type", "any")
    bounds = [f"{word} {fact[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in fact]
    return ", ".join([f"{kind} of {_type(inner)}" if isinstance(inner, dict) else kind, *bounds])


def _contexts() -> list[str]:
    return sorted({_context(event) for event in contexts.EVENTS.values()})


def _context(event: type[DomainEvent]) -> str:
    return event.TOPIC.partition(".")[0]


def _anchor(event: type[DomainEvent]) -> str:
    return event.TOPIC.replace(".", "-")


def _text(prose: str) -> str:
    return " ".join(prose.split()).replace("|", "\\|")


def _routes() -> Iterator[str]:
    yield "# Routes and roles\n\nEach route asks for one of its scopes; `/openapi.json` describes it whole."
    for part in ROUTERS:
        routes = [route for route in part.routes if isinstance(route, APIRoute)]
        yield f"\n## {routes[0].tags[0]}\n\n| route | operation | what it does | scopes |\n|---|---|---|---|"
        yield from (_route(route) for route in routes)
    yield "\n## Roles\n\n| role | scopes |\n|---|---|"
    for role, scopes in SCOPES.items():
        yield f"| {role} | {_names(sorted(scopes))} |"


def _route(route: APIRoute) -> str:
    verbs, what = " ".join(sorted(route.methods or ())), route.description.split("\n")[0]
    return f"| `{verbs} {route.path}` | `{route.operation_id or route.unique_id}` | {what} | {_names(_scopes(route))} |"


def _scopes(route: APIRoute) -> Iterator[str]:
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Allowed):
            yield from dependency.call.scopes


def _errors() -> Iterator[str]:
    yield "# Errors\n\nCodes are permanent. A running server has them at `/errors`, where each problem's `help` leads."
    about = "The last part of a problem's `type`."
    for title, said, entries in (("Problems", about, PROBLEMS), ("Violations", "Rules that said no.", VIOLATIONS)):
        yield f"\n## {title}\n\n{said}\n\n| code | what it means | what helps |\n|---|---|---|"
        yield from (f"| `{code}` | {entry.means} | {entry.helps} |" for code, entry in entries.items())


def _reports() -> Iterator[str]:
    yield "# Reports\n\nThe views of schema `reports`, which the role `csbe_analyst` may read."
    for report in projections.reports().values():
        yield f"\n## {report.name}\n\n{report.about}\n\n| column | what it holds |\n|---|---|"
        yield from (f"| `{column}` | {text} |" for column, text in report.columns.items())


def _settings() -> Iterator[str]:
    yield "# Settings\n\nAll come from the environment.\n\n| variable | default | what it is |\n|---|---|---|"
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        yield f"| `{prefix}{name.upper()}` | {default} | {field.description} |"
    yield "\nOpenTelemetry's variables (`OTEL_…`) turn traces on: see [Trace a request](../how-to/trace-a-request.md)."


ABOUT_RULEBOOKS = """\
A service is a folder of TOML: `service.toml`, and a file for each city, whose name is the city's id. `csbe rulebook
check` says all that is wrong with it; [Add a service](../how-to/add-a-service.md) shows one.

- An amount or a rate is a plain number in the service's currency: `rate = 0.31`.
- A duration is ISO 8601 in quotes: `"PT15M"`, `"PT3H"`, `"P2D"`.
- A day is `2030-01-01`, a time of day `22:00:00`. A moment is `2030-01-01T00:00:00Z`, or a day or a time in the city.
- A tariff has the currency and the unit of distance of its service, and the time zone of its city.
- What stands in `[shared.elements]`, `[shared.packages]`, `[shared.windows]`, `[shared.taxes]` or
  `[shared.legal_entities]` of a city's or the service's file may be named where such a thing belongs. Its name is its
  id. In a list, a name stands for one or several.

The [JSON Schema](rulebook.schema.json) lets editors complete and check as one types."""


def _rulebook() -> Iterator[str]:
    yield f"# Rulebook\n\nWhat a service may say.\n\n{ABOUT_RULEBOOKS}"
    parts = schema()["$defs"]
    first = (
        "Rulebook",
        "Eligibility",
        "Uniqueness",
        "ReservationLimits",
        "TripLimits",
        "FleetLimits",
        "City",
        "LegalEntity",
        "TaxRule",
        "Tariff",
    )
    for name in [*first, *(name for name in parts if name not in first and name != "Shared")]:
        part, known = parts[name], parts[name]["properties"]
        kind = f' (`kind = "{known["kind"]["const"]}"`)' if "kind" in known else ""
        yield f"\n## {name}{kind}\n\n{_text(part['description'])}\n\n| key | what it is | meaning |\n|---|---|---|"
        for key, value in known.items():
            if key not in {"kind", "shared"}:
                otherwise = f", else `{json.dumps(value['default'])}`" if "default" in value else ", or nothing"
                needed = "" if key in part["required"] else otherwise
                yield f"| `{key}` | {_written(value)}{needed} | {_text(value.get('description', ''))} |"


def _written(value: dict[str, Any]) -> str:
    """How a value is written, for people."""
    if value.get("pattern") == DURATION:
        return "duration"
    if value.get("type") == "array":
        return f"list of {_written(value['items'])}"
    if "anyOf" in value:
        told = dict.fromkeys(_written(choice) for choice in value["anyOf"])
        return "element or a name" if len(told) > KINDS else " or ".join(told)
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    return "a name" if value.get("description") == A_NAME else _type(value).replace("string", "text")


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


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
