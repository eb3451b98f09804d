"""The load generator: a process of its own, driven by JSON lines. `steer` has the handle of its parent."""
