"""Sending messages: group commit, its queue and SQL statements, and the multipart route."""
