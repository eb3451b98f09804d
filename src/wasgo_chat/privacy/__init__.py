"""Personal data: erasure, export and the audit log."""
