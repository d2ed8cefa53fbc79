"""Prices, holds, payments, invoices, credit notes. Knows nothing of reservations or cars: a trip comes as facts and a quote."""
