"""The server that a Redis URL names, and what its errors mean."""
