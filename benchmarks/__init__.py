"""Measurements of the service beside its peers: `make bench`. docs/performance.md says how to read them."""
