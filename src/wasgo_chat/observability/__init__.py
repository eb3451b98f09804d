"""Health, metrics and traces as operators see them."""
