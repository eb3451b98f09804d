"""Errors, encodings and other building blocks that know nothing about chat."""
