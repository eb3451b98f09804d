"""Retention periods, and the purge of expired data."""
