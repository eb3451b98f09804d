"""Messages: send, edit, delete, react, read; their tables, shapes and how they are loaded."""
