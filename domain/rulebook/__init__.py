"""A mobility service as data: `model` says what a rulebook holds, `services` has the text of each, `loading` reads it.

Never a decision, never a file opened.
"""
