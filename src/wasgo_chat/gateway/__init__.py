"""WebSocket connections: frames, the hub that fans events out, and the life of a connection."""
