"""Conversations as clients see them: lists, details, participants, and the events of the log as frames."""
