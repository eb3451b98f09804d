"""The load generator: a separate process that is controlled through JSON lines by `controller`."""
