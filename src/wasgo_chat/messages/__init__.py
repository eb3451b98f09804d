"""Messages: send, edit, delete, react and read, with their tables and schemas."""
