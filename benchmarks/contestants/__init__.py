"""Who is measured: the service, a Django Channels chat, a plain FastAPI app without a database, a raw transport.

`base` says what a scenario asks of each; the others start theirs and fill its database.
"""
