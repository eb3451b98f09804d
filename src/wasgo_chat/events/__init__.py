"""The event log: one append-only sequence of events per conversation, and its consumers."""
