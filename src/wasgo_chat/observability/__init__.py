"""Health checks, metrics and traces for operators."""
