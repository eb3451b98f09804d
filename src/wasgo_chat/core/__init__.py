"""Settings, errors, encodings and other building blocks without any knowledge of chat."""
