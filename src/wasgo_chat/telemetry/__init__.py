"""Logs, metrics and traces as the rest of the service writes them."""
