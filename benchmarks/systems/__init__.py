"""The programs under test: the service, a Django Channels chat, plain FastAPI without a database, a raw transport.

`base` defines their common interface; the other modules start them and fill their databases.
"""
