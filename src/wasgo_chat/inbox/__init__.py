"""What joins conversations and messages: list and detail, membership with its notes, the log as clients see it."""
