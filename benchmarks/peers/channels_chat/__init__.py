"""A Django Channels chat that does the same work, for comparison: written as its documentation shows."""
