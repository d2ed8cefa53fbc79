"""Which cars may be free in a period, by the read models."""

import asyncpg

from domain.kernel.car_search import CarWish
from domain.kernel.ids import VehicleId

MOST = 20
"""So many are tried at most: when all of them were taken meanwhile, there is hardly another one."""

_FREE = """
select vehicle_id from read_v1.vehicles as car
where service = $1 and city_id = $2 and model = any($3::text[]) and service_state = 'in_service'
and (not $7 or (state = 'available' and online))
and ($6::uuid is null or exists (
    select from read_v1.zones as zone
    where zone.zone_id = $6 and zone.service = car.service
    and read_v1.has_inside(zone.polygons, car.latitude, car.longitude)))
and not exists (
    select from read_v1.promised_periods as promised
    where promised.vehicle_id = car.vehicle_id and open and booked_from < $5 and closed_until > $4)
order by array_position($3::text[], model), state <> 'available',
    read_v1.metres_between($8::float8, $9::float8, latitude, longitude) nulls last, vehicle_id
limit $10
"""


class PostgresCars:
    """A `CarSearch`: as old as the read models, so each car is asked before it is promised."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, wish: CarWish, /) -> list[VehicleId]:
        period, place = wish.period, wish.near
        rows = await self._pool.fetch(
            _FREE,
            wish.service,
            wish.city_id,
            list(wish.models),
            period.begins,
            period.ends,
            wish.zone_id,
            wish.free_now,
            place.latitude if place else None,
            place.longitude if place else None,
            MOST,
        )
        return [VehicleId(row["vehicle_id"]) for row in rows]
