"""Database access: sessions, pinned connections, failover, replicas, batch loading and migrations."""
