create or replace view reports.transfers as
select transfer_id, service, seller, amount_minor, currency, value_on, recorded_at, state, counted_minor, owed_minor, invoice_id,
    payer_id, number, proposal
from read_v1.transfers;
