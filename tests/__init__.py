"""Tests: over HTTP and sockets, against a real PostgreSQL and a real Redis."""
