"""Invoices and credit notes as documents: PDF for people, XML for programs, and the texts in each language."""
