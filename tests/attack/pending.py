"""Attacks whose countermeasure is missing. The short form in `make test` skips them; `make attack` reports them."""

PENDING: dict[str, str] = {}
"""By name of an attack: what is missing."""
