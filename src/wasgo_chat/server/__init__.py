"""The server process: supervisor, worker processes, graceful shutdown and uvicorn protocols."""
