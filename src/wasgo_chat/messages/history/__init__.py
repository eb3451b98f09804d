"""Reading messages: pages of one conversation or of all, and the fast path for the newest page."""
