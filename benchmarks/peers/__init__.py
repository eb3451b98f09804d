"""The programs that the service is measured beside."""
