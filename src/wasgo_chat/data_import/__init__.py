"""`wasgo-chat import`: bulk import of conversations and their history from another system."""
