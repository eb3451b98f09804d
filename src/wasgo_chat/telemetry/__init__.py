"""Logging, metrics and tracing APIs used by the rest of the service."""
