"""The conformance kit: a stage with a real service behind a proxy that makes faults, and scenarios in data."""
