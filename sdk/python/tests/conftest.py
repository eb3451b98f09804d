"""Fixtures of all tests."""

from sdk_door import stage

__all__ = ["stage"]
