"""The ground floor: settings, the database, tokens, errors, wire formats, limits. Knows nothing of chat."""
