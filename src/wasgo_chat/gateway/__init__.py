"""The sockets: frames, the hub that fans events out, and one connection's life from handshake to close."""
