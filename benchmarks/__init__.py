"""Benchmarks of the service in comparison to other programs: `make bench`. docs/performance.md explains the results."""
