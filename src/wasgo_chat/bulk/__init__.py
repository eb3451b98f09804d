"""Many rows at once, past the doors: made-up ones for load and demos, and history from elsewhere.

What the doors guarantee is kept by other means here, and `logs.faults` checks that it is.
"""
