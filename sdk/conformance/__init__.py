"""The conformance kit: a test harness with a real service behind a fault-injecting proxy, and scenarios as data."""
