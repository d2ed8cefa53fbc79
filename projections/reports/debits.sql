create or replace view reports.debits as
select debit_id, service, payer_id, invoice_id, number, seller, amount_minor, currency, announced_for, requested_at, state, batch_id,
    sequence, collection_on, reason, retry_at, booked_on, returned_on, bank_fee_minor
from read_v1.debits;
