"""Presence: which users are online, and when the others were last seen."""
