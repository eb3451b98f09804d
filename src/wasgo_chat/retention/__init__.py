"""Retention: what is kept for how long, and the purge of what is not."""
