"""`wasgo-chat import`: history of another system, with its original times. Also the invariants of logs."""
