"""A Django Channels chat with the same functions, for comparison; written as in the Channels documentation."""
