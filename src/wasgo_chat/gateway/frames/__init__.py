"""Frames: the models of client and server frames, and how frames are read from and written to a WebSocket."""
