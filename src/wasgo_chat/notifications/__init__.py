"""Notifications: who is told of a message, in the list, and by e-mail, web push or webhook while they are away."""
