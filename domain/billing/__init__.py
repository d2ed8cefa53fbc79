"""Prices, holds, payments, invoices, credit notes. Never a reservation or a car: a trip comes as facts and a quote."""
