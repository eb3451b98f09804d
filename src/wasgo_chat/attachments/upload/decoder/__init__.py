"""The child processes that clean and decode files, and whose turn it is."""
