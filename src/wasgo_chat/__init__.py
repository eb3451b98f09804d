"""wasgo-chat: the chat of a marketplace, as a service of its own."""
