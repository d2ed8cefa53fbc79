create or replace view reports.charges as
select charge_id, service, subject_kind, subject_id, member_id, payer_id, seller, raised_at, trip_id, fee, state,
    collected_from, supplied_on,
    jsonb_path_query_array(reasons, '$[*].code') as reasons, currency,
    price_minor, proposal, decision, invoice_id
from read_v1.charges;
comment on view reports.charges is 'One row per charge.';
comment on column reports.charges.reasons is 'Codes of why it was reviewed; null when it was not.';

create or replace view reports.invoices as
select invoice_id, service, number, seller, subject_kind, subject_id, member_id, payer_id, city_id, issued_at,
    issued_on, supplied_from, supplied_on, currency, net_minor, tax_minor, gross_minor, paid_minor, credited_minor, open_minor, state, decline_code, retry_at, credit_proposal, taxes
from read_v1.invoices;

create or replace view reports.credit_notes as
select credit_note_id, service, number, seller, invoice_id, payer_id, issued_at, issued_on, currency, net_minor, tax_minor, gross_minor
from read_v1.credit_notes;
comment on view reports.credit_notes is 'One row per credit note.';

create or replace view reports.payments as
select payment_id, service, payer_id, subject_kind, subject_id, amount_minor, currency, state, changed_at
from read_v1.payments;

create or replace view reports.refunds as
select payment_id, credit_note_id, service, number, amount_minor, currency, state, decline_code, failures, retry_at, changed_at
from read_v1.refunds;
