"""Shared fixtures."""

from harness_client import harness

__all__ = ["harness"]
