"""The global feed: every event of every conversation in one order, and the consumers that read it."""
