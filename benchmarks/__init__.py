"""Measurements of the service beside its peers. `python -m benchmarks --help`; docs/performance.md says how to read it."""
