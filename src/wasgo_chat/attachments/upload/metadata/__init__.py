"""Removal of metadata from files, a module for each format. Blocking: a decoder process runs it."""
