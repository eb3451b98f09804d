"""Health, metrics and traces: what operators look at, and how it leaves the service."""
