create or replace view reports.journal as
select position, line, service, booked_on, document, debit, credit, currency, amount_minor, seller, country, city_id,
    subject_kind, product, payer_id, invoice_id, tax, tax_rate, base_minor
from read_v1.journal;

create or replace view reports.trial_balance as
with legs as (
    select service, seller, currency, date_trunc('month', booked_on)::date as month, debit as account, amount_minor as debit_minor, 0 as credit_minor
    from read_v1.journal
    union all
    select service, seller, currency, date_trunc('month', booked_on)::date, credit, 0, amount_minor
    from read_v1.journal
), months as (
    select service, seller, currency, month, account, sum(debit_minor)::bigint as debit_minor, sum(credit_minor)::bigint as credit_minor
    from legs group by service, seller, currency, month, account
)
select service, seller, currency, account, month, debit_minor, credit_minor,
    (sum(debit_minor - credit_minor) over (partition by service, seller, currency, account order by month))::bigint as balance_minor
from months;
comment on view reports.trial_balance is 'One row per account and month in which it moved.';
comment on column reports.trial_balance.account is 'receivables (what payers owe; below nothing, what they are owed of it), revenue, tax, provider (money at the payment provider), bank, suspense (transfers that nobody knows what for, and debits that came back before they were booked), owed_to_payers (transfers that were too much), prepaid (minutes that were sold and not used yet), bank_fees (what banks took for debits that came back).';
comment on column reports.trial_balance.service is 'Key of the rulebook.';
comment on column reports.trial_balance.seller is 'Legal entity that sells; null where it is not known which invoice it is for.';
comment on column reports.trial_balance.currency is 'ISO 4217.';
comment on column reports.trial_balance.month is 'Its first day.';
comment on column reports.trial_balance.debit_minor is 'What came to it in the month, in minor units.';
comment on column reports.trial_balance.credit_minor is 'What went from it in the month, in minor units.';
comment on column reports.trial_balance.balance_minor is 'What came to it less what went from it, until the end of the month.';

create or replace view reports.receivables as
with moved as (
    select service, invoice_id, currency, min(booked_on) as issued_on, max(seller) as seller, (array_agg(payer_id order by position, line))[1] as payer_id,
        min(document) filter (where debit = 'receivables' and credit in ('revenue', 'tax')) as number,
        sum(case when debit = 'receivables' then amount_minor else -amount_minor end)::bigint as open_minor
    from read_v1.journal where 'receivables' in (debit, credit) group by service, invoice_id, currency
)
select service, seller, invoice_id, number, payer_id, currency, issued_on, current_date - issued_on as age, open_minor
from moved where open_minor <> 0;
comment on view reports.receivables is 'One row per invoice that is not even: what its payer owes of it, or is owed.';
comment on column reports.receivables.service is 'Key of the rulebook.';
comment on column reports.receivables.seller is 'Legal entity that sells.';
comment on column reports.receivables.invoice_id is 'The invoice.';
comment on column reports.receivables.number is 'Its number.';
comment on column reports.receivables.payer_id is 'Who pays.';
comment on column reports.receivables.currency is 'ISO 4217.';
comment on column reports.receivables.issued_on is 'Local day on which it was issued.';
comment on column reports.receivables.age is 'Days since then.';
comment on column reports.receivables.open_minor is 'What is owed to us, in minor units; below nothing, what we owe.';

create or replace view reports.revenue_days as
select service, seller, booked_on as day, city_id, subject_kind, coalesce(product, 'credited') as product, currency,
    sum(case when credit = 'revenue' then amount_minor else -amount_minor end)::bigint as net_minor
from read_v1.journal where 'revenue' in (debit, credit)
group by service, seller, booked_on, city_id, subject_kind, coalesce(product, 'credited'), currency;
comment on view reports.revenue_days is 'One row per day, city and product that was invoiced or credited.';
comment on column reports.revenue_days.service is 'Key of the rulebook.';
comment on column reports.revenue_days.seller is 'Legal entity that sells.';
comment on column reports.revenue_days.day is 'Local day of the invoice or credit note.';
comment on column reports.revenue_days.city_id is 'City of the charge.';
comment on column reports.revenue_days.subject_kind is 'Topic of what the charge is for, e.g. rental.trip.';
comment on column reports.revenue_days.product is 'Rule of the tariff, or fee, that made the line; credited for credit notes, which take back a part of all lines.';
comment on column reports.revenue_days.currency is 'ISO 4217.';
comment on column reports.revenue_days.net_minor is 'Net, in minor units.';

create or replace view reports.tax_months as
select service, seller, country, date_trunc('month', booked_on)::date as month, tax, tax_rate, currency,
    sum(case when credit = 'tax' then base_minor else -base_minor end)::bigint as base_minor,
    sum(case when credit = 'tax' then amount_minor else -amount_minor end)::bigint as tax_minor
from read_v1.journal where 'tax' in (debit, credit)
group by service, seller, country, date_trunc('month', booked_on)::date, tax, tax_rate, currency;
comment on view reports.tax_months is 'One row per month, seller, tax and rate: what a tax return asks for.';
comment on column reports.tax_months.service is 'Key of the rulebook.';
comment on column reports.tax_months.seller is 'Legal entity that sells.';
comment on column reports.tax_months.country is 'ISO 3166 code of its country.';
comment on column reports.tax_months.month is 'Its first day, by the local day of invoices and credit notes.';
comment on column reports.tax_months.tax is 'Name of the tax.';
comment on column reports.tax_months.tax_rate is 'A fraction.';
comment on column reports.tax_months.currency is 'ISO 4217.';
comment on column reports.tax_months.base_minor is 'What it is on, less what was credited, in minor units.';
comment on column reports.tax_months.tax_minor is 'What it comes to, less what was credited, in minor units.';
