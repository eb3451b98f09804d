"""`wasgo-chat seed`: generated conversations for load tests and demos."""
