"""What the demo tells: how to try it, and at its end what happened."""

from datetime import timedelta
from typing import Any

from rich.table import Table

from adapters.simulator.members import Tally
from api.composition import Running
from api.demo.seed import SERVICE
from api.demo.simulation import DemoOptions
from domain.identity.sessions import Subject
from domain.invariants import InvariantResult
from domain.kernel.messages import Role

LINK_LIFE = timedelta(hours=1)
"""Of the live page's link, which is good once."""
_MONEY = """
select currency, count(*), sum(gross_minor)::bigint as gross, sum(open_minor)::bigint as open
from read_v1.invoices group by currency
"""
_TRIPS = "select state, count(*) from read_v1.trips group by state"


async def summary_of(running: Running, tally: Tally, results: dict[str, InvariantResult]) -> dict[str, Any]:
    """What came of it, for people and programs."""
    money = await running.pool.fetch(_MONEY)
    trips = await running.pool.fetch(_TRIPS)
    return {
        "trips": {row["state"]: row["count"] for row in trips},
        "invoices": sum(row["count"] for row in money),
        "money": {row["currency"]: {"gross_minor": row["gross"], "open_minor": row["open"]} for row in money},
        "invariants": {n: {"checked": r.checked, "broken": len(r.broken)} for n, r in results.items()},
        "members": dict(tally.counts),
        "events": await running.store.end(),
        "failed_jobs": (await running.jobs.backlog()).failed,
    }


def table(summary: dict[str, Any]) -> Table:
    """The summary for people."""
    told = Table("what", "how it went", title="What happened")
    for name, value in summary.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        lines = [f"{part} {_worded(found)}".strip() for part, found in parts]
        told.add_row(name.replace("_", " "), "\n".join(lines) or "none")
    return told


def _worded(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


async def welcome(running: Running, options: DemoOptions) -> str:
    """Where everything is, and a token for each role."""
    system = running.system
    address = f"http://{system.settings.host}:{system.settings.port}"
    tokens = {
        role: system.tokens.issue(
            role, role.value, service=SERVICE, at=system.clock.now(), expires_in=timedelta(days=1)
        )
        for role in (Role.AGENT, Role.OPERATOR, Role.ANALYST, Role.AUDITOR, Role.PARTNER)
    }
    watcher = Subject(SERVICE, Role.OPERATOR, Role.OPERATOR.value)
    page = await system.login.page_address(watcher, address, LINK_LIFE)
    lines = [
        "CSBE: DriveNow Europe in Berlin, 640 cars",
        f"{options.members} simulated members, seed {options.seed}; stop with Ctrl-C",
        "",
        f"live page    {page}",
        "             (good once, within an hour; then paste the operator's token there)",
        f"API          {address}/docs",
        f"broker       {running.mqtt_url}",
        f"mail         {system.settings.data_dir / 'mail'}",
        "",
        *(f"export {role.upper()}={token}" for role, token in tokens.items()),
        "",
        "A member logs in by the code in the mail that follows POST /v1/members. Try next:",
        f"  curl -H \"Authorization: Bearer $OPERATOR\" '{address}/v1/vehicles?near=52.52,13.405&limit=3'",
        f"  curl -H \"Authorization: Bearer $AUDITOR\" '{address}/v1/history?limit=20'",
    ]
    return "\n".join(lines)
