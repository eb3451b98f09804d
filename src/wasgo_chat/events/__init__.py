"""The log: one append-only sequence of events per conversation, and the broker that spreads its frames."""
