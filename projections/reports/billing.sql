create or replace view reports.invoices as
select invoice_id, service, number, seller, subject_kind, subject_id, member_id, payer_id, issued_at, currency, net_minor,
    tax_minor, gross_minor, paid_minor, credited_minor, open_minor, state, lines, taxes
from read_v1.invoices;
comment on view reports.invoices is 'One row per invoice.';
comment on column reports.invoices.invoice_id is 'The invoice.';
comment on column reports.invoices.service is 'Key of the rulebook.';
comment on column reports.invoices.number is 'Number, without gaps per seller.';
comment on column reports.invoices.seller is 'Legal entity that issued it.';
comment on column reports.invoices.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip.';
comment on column reports.invoices.subject_id is 'What it is for, e.g. the trip.';
comment on column reports.invoices.member_id is 'Who had it.';
comment on column reports.invoices.payer_id is 'Who pays.';
comment on column reports.invoices.issued_at is 'When it was issued.';
comment on column reports.invoices.currency is 'ISO 4217.';
comment on column reports.invoices.net_minor is 'Net, in minor units.';
comment on column reports.invoices.tax_minor is 'All taxes, in minor units.';
comment on column reports.invoices.gross_minor is 'To pay, in minor units.';
comment on column reports.invoices.paid_minor is 'Received and not refunded, in minor units.';
comment on column reports.invoices.credited_minor is 'Taken back by credit notes, in minor units.';
comment on column reports.invoices.open_minor is 'Neither received nor taken back, in minor units.';
comment on column reports.invoices.state is 'open, in_review, paid or credited.';
comment on column reports.invoices.lines is 'Each line with its rule, tariff version and facts.';
comment on column reports.invoices.taxes is 'Each tax with its rate and base.';

create or replace view reports.credit_notes as
select credit_note_id, service, number, seller, invoice_id, payer_id, issued_at, currency, net_minor, tax_minor, gross_minor
from read_v1.credit_notes;
comment on view reports.credit_notes is 'One row per credit note.';
comment on column reports.credit_notes.credit_note_id is 'The credit note.';
comment on column reports.credit_notes.service is 'Key of the rulebook.';
comment on column reports.credit_notes.number is 'Number, without gaps per seller.';
comment on column reports.credit_notes.seller is 'Legal entity that issued it.';
comment on column reports.credit_notes.invoice_id is 'The invoice of which it takes back a part, or all.';
comment on column reports.credit_notes.payer_id is 'Who pays the invoice.';
comment on column reports.credit_notes.issued_at is 'When it was issued.';
comment on column reports.credit_notes.currency is 'ISO 4217.';
comment on column reports.credit_notes.net_minor is 'Net, in minor units.';
comment on column reports.credit_notes.tax_minor is 'All taxes, in minor units.';
comment on column reports.credit_notes.gross_minor is 'Taken back, in minor units.';

create or replace view reports.payments as
select payment_id, service, payer_id, subject_kind, subject_id, amount_minor, currency, state, changed_at
from read_v1.payments;
comment on view reports.payments is 'One row per payment.';
comment on column reports.payments.payment_id is 'The payment.';
comment on column reports.payments.service is 'Key of the rulebook.';
comment on column reports.payments.payer_id is 'Who pays.';
comment on column reports.payments.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip.';
comment on column reports.payments.subject_id is 'What it is for, e.g. the trip.';
comment on column reports.payments.amount_minor is 'Amount asked to be held, in minor units.';
comment on column reports.payments.currency is 'ISO 4217.';
comment on column reports.payments.state is 'The last thing that happened to it.';
comment on column reports.payments.changed_at is 'When that was.';
