"""Notifications: the list, and delivery by e-mail, web push or webhook to users who are offline."""
