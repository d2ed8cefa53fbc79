create schema if not exists read_v1;
comment on schema read_v1 is 'The read models: views of the live generation of each.';

create or replace function read_v1.fine(degrees double precision) returns double precision
language sql immutable parallel safe return trunc(degrees * 1e12) / 1e12;
comment on function read_v1.fine is 'Degrees without what is less than a micrometre: the square of it would underflow, which is an error.';

create or replace function read_v1.metres_between(
    latitude_1 double precision, longitude_1 double precision, latitude_2 double precision, longitude_2 double precision
) returns double precision language sql immutable parallel safe return
    2 * 6371008.8 * asin(least(1, sqrt(
        power(sin(radians(read_v1.fine(latitude_2 - latitude_1)) / 2), 2)
        + cos(radians(read_v1.fine(latitude_1))) * cos(radians(read_v1.fine(latitude_2)))
        * power(sin(radians(read_v1.fine(longitude_2 - longitude_1)) / 2), 2))));
comment on function read_v1.metres_between is 'Great-circle distance.';

create or replace function read_v1.box_around(
    latitude double precision, longitude double precision, radius_m double precision
) returns box language plpgsql immutable parallel safe as $$
declare
    reach double precision := (radius_m + 1) / 6371008.8; -- a metre more, so that rounding loses nobody
    north double precision := degrees(reach);
    east double precision;
begin
    if abs(latitude) + north < 90 then
        east := degrees(asin(sin(reach) / cos(radians(read_v1.fine(latitude)))));
        if abs(longitude) + east <= 180 then
            return box(point(longitude - east, latitude - north), point(longitude + east, latitude + north));
        end if;
    end if;
    return box(point(-180, -90), point(180, 90));
end
$$;
comment on function read_v1.box_around is 'In degrees, holds all within a radius of a point; where that goes over a pole or the date line, the whole earth.';

create or replace function read_v1.is_inside(
    ring jsonb, latitude double precision, longitude double precision
) returns boolean language sql immutable parallel safe return (
    select string_agg(format('(%s,%s)', corner ->> 0, corner ->> 1), ',' order by place)::polygon
        @> point(longitude, latitude)
    from jsonb_array_elements(ring) with ordinality as corners(corner, place));
comment on function read_v1.is_inside is 'Whether a ring of a GeoJSON polygon goes around a point.';

create or replace function read_v1.has_inside(
    polygons jsonb, latitude double precision, longitude double precision
) returns boolean language sql immutable parallel safe return exists (
    select from jsonb_array_elements(polygons) as polygon(rings)
    where read_v1.is_inside(rings -> 0, latitude, longitude)
    and not exists (
        select from jsonb_array_elements(rings) with ordinality as holes(ring, place)
        where place > 1 and read_v1.is_inside(ring, latitude, longitude)));
comment on function read_v1.has_inside is 'Whether a point is in one of the polygons of a GeoJSON MultiPolygon, and in no hole.';

create schema if not exists reports;
comment on schema reports is 'What analysts read: the read models by name, without personal data.';

grant usage, create on schema read_v1, reports to :server;
grant usage on schema reports to :analyst, :auditor;
alter default privileges for role :server in schema reports grant select on tables to :analyst, :auditor;
alter default privileges in schema reports grant select on tables to :server, :analyst, :auditor;
