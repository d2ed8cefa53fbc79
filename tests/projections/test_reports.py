"""What analysts can see, and what they cannot."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.rental.commands import ForceEndTrip
from tests.projections.following import Followers, catch_up, credit
from tests.support.people_and_cars import started
from tests.support.world import World

Story = tuple[MemberId, VehicleId, TripId]

COUNTED_FROM = (
    *("charge_days", "charged_vehicles", "ledger_documents", "ledger_transfers"),
    *("car_watch", "car_spells", "trip_cells", "trip_ends", "member_starts", "promised_periods"),
)

TYPED = "she told me on the phone"

_RIGHTS = """
select n.nspname as schema, c.relkind::text as kind, a.privilege_type as privilege
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee or a.grantee = 0
where r.rolname = 'csbe_analyst' and n.nspname not in ('pg_catalog', 'information_schema')
"""

_HIDDEN = """
select table_name, column_name from information_schema.columns
where table_schema = 'read_v1' and not table_name = any($1)
except select table_name, column_name from information_schema.columns where table_schema = 'reports'
"""

_PERSONAL = """
select c.relname, a.attname, a.attnotnull from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind = 'r' and col_description(c.oid, a.attnum) like 'Personal:%'
"""

pytestmark = pytest.mark.usefixtures("followers")

_UNCOMMENTED = """
select c.oid::regclass::text || '.' || coalesce(a.attname, '') from pg_class c
join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where n.nspname in ('reports', 'read_v1') and c.relkind in ('r', 'v')
and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
"""


async def test_every_table_view_and_column_has_a_comment(pool: asyncpg.Pool) -> None:
    assert await pool.fetch(_UNCOMMENTED) == []


async def test_the_analyst_reads_every_report(pool: asyncpg.Pool, owner: asyncpg.Connection) -> None:
    names = await pool.fetch("select viewname from pg_views where schemaname = 'reports'")
    async with owner.transaction():
        await owner.execute("set local role csbe_analyst")
        for (name,) in names:
            assert await owner.fetchval(f"select count(*) from reports.{name}") == 0  # noqa: S608


async def test_the_analyst_may_read_views_of_reports_and_has_no_other_right(pool: asyncpg.Pool) -> None:
    rights = await pool.fetch(_RIGHTS)

    assert {(r["schema"], r["kind"], r["privilege"]) for r in rights} == {("reports", "v", "SELECT")}


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_v1.members",
        "select * from csbe.events",
        "select * from csbe.keys",
        "delete from reports.trips",
        "update reports.vehicles set plate = 'x'",
        "create table reports.mine (a int)",
    ],
)
async def test_the_analyst_can_do_nothing_else(owner: asyncpg.Connection, statement: str) -> None:
    async with owner.transaction():
        await owner.execute("set local role csbe_analyst")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with owner.transaction():
                await owner.execute(statement)


def _sql_of_the_guide() -> list[str]:
    page = (Path(__file__).parents[2] / "docs/how-to/query-the-reports.md").read_text()
    return re.findall(r"```sql\n(.*?)```", page, re.DOTALL)


@pytest.mark.usefixtures("story")
async def test_an_account_made_as_the_guide_says_logs_in_and_reads_the_reports_and_nothing_else(
    owner: asyncpg.Connection, owner_dsn: str
) -> None:
    [make] = [code for code in _sql_of_the_guide() if code.startswith("create role")]
    name = f"jo_{uuid4().hex[:8]}"
    await owner.execute(re.sub(r"\bjo\b", name, make))
    await owner.execute(f"alter role {name} password 'choose a long one'")

    analyst = await asyncpg.connect(owner_dsn, user=name, password="choose a long one")
    try:
        trips = await analyst.fetchval("select trips from reports.fleet_days")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.fetch("select * from read_v1.trips")
    finally:
        await analyst.close()
        await owner.execute(f"drop role {name}")

    assert trips == 1


_MANDATES = "mandate_id service payer_id seller creditor_id reference signed_on signed_at last_used_on state end_reason"


async def test_reports_show_every_column_but_those_for_others_eyes(pool: asyncpg.Pool) -> None:
    """Tables that only others are made from are shown as these."""
    hidden = await pool.fetch(_HIDDEN, COUNTED_FROM)

    assert {tuple(row) for row in hidden} == {
        *(("mandates", column) for column in _MANDATES.split()),
        ("damages", "photos"),
        ("debits", "mandate_id"),
        ("debits", "booked_reference"),
        ("debits", "returned_reference"),
        ("members", "licence_expires_on"),
        ("invoices", "lines"),
        ("field_tasks", "reason"),
        ("vehicles", "latitude"),
        ("vehicles", "longitude"),
        ("vehicles", "position_at"),
        ("vehicles", "full_range_m"),
        ("vehicles", "image_url"),
        ("vehicles", "offline_since"),
        ("vehicles", "plugged_in"),
        ("charges", "decision_reason"),
        ("charges", "objection"),
        ("charges", "decided_by"),
        ("charges", "proposed_by"),
        ("invoices", "credit_proposed_by"),
        ("transfers", "reference"),
        ("transfers", "taken_back_reference"),
        ("transfers", "proposed_by"),
        ("transfers", "assigned_by"),
        ("event_log", "reason"),
        ("event_log", "actor_id"),
    }


async def test_what_is_personal_can_be_taken_out_of_its_row(pool: asyncpg.Pool) -> None:
    personal = await pool.fetch(_PERSONAL)

    assert {tuple(row) for row in personal} == {
        ("members", "licence_expires_on", False),
        ("charges", "decision_reason", False),
        ("charges", "objection", False),
    }


async def test_no_report_shows_who_somebody_is_or_what_an_agent_typed(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    ada, mini, driven = story
    trip = await started(world, ada, mini)
    await world.advance(timedelta(minutes=5))
    await world.do(ForceEndTrip(trip_id=trip, ended_at=world.now(), reason=TYPED))
    await world.do(credit(driven, reason=TYPED))
    await catch_up(followers)
    await pool.execute("update read_v1.event_log set reason = $1", TYPED)

    names = [r[0] for r in await pool.fetch("select viewname from pg_views where schemaname = 'reports'")]
    shown = {name: str(await pool.fetch(f"select t::text from reports.{name} t")) for name in names}  # noqa: S608

    for private in (TYPED, "Ada", "@example.org", "1990-05-01", "tok-Ada", "agent-7"):
        assert [name for name, text in shown.items() if private in text] == []
    assert str(ada) in shown["members"]
    assert str(trip) in shown["trips"]
