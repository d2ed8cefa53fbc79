create or replace view reports.fleet_days as
select day, service, city_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.fleet_days;
