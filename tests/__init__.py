"""Tests: they enter by HTTP or socket, against real PostgreSQL and real Redis."""
