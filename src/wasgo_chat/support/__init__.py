"""Support conversations: a user asks, an available moderator is assigned."""
