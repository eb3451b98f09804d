"""Why a database cannot be used, and what to do: the same explanation for `doctor`, `serve` and other commands."""

import ssl

from wasgo_chat.core.diagnosis import Diagnosis, causes
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import DatabaseReadOnly

_POOLER_REMEDY = (
    "For a pooler in transaction mode set WASGO_CHAT_DATABASE_POOLER=true and WASGO_CHAT_DATABASE_DIRECT_URL; see "
    "docs/operations.md#connection-poolers."
)


_BY_SQLSTATE = {
    "28P01": Diagnosis("The database rejects the user or password.", "Correct them in WASGO_CHAT_DATABASE_URL."),
    "28000": Diagnosis(
        "The database rejects this user from this address.", "Allow it in pg_hba.conf, or check the role and sslmode."
    ),
    "3D000": Diagnosis("The database does not exist.", "Run CREATE DATABASE, then `wasgo-chat migrate`."),
    "3F000": Diagnosis(
        "No schema of the search path exists.",
        "Run CREATE SCHEMA, or correct `options` in WASGO_CHAT_DATABASE_URL or the search_path of the role.",
    ),
    "42501": Diagnosis(
        "The user of WASGO_CHAT_DATABASE_URL lacks permissions on the database, the schema or its tables.",
        "Make it the owner of the tables, or GRANT CONNECT, USAGE and the rights on the tables to it.",
    ),
    "53100": Diagnosis("The disk of the database is full.", "Free or add space on the disk of PostgreSQL."),
    "53300": Diagnosis(
        "The database has no free connection.",
        "Increase max_connections or the limit of the role, or reduce WASGO_CHAT_DATABASE_POOL_SIZE.",
    ),
    "25006": Diagnosis(
        "The database refuses writes.",
        "It is a standby, or default_transaction_read_only is on (managed databases set it when their disk is full).",
    ),
    "42P05": Diagnosis("A connection pooler mixes up prepared statements.", _POOLER_REMEDY),
    "26000": Diagnosis("A connection pooler mixes up prepared statements.", _POOLER_REMEDY),
}
_NO_CREATE = Diagnosis(
    "The user of WASGO_CHAT_DATABASE_URL may not create tables in its schema.",
    "Since PostgreSQL 15 only the owner of a database may use its schema public: run GRANT CREATE ON SCHEMA public TO "
    "that user, or give it a schema of its own; see docs/deploy.md.",
)
_CERTIFICATE = Diagnosis(
    "The certificate of the database is not trusted.", "Correct sslmode and sslrootcert in WASGO_CHAT_DATABASE_URL."
)
_TLS = Diagnosis(
    "The TLS connection to the database fails.",
    "Check sslmode in WASGO_CHAT_DATABASE_URL, and that the server uses TLS.",
)
_PARAMETERS = Diagnosis("A connection pooler rejects the session parameters of the service.", _POOLER_REMEDY)
_READ_ONLY = _BY_SQLSTATE["25006"]
_UNREACHABLE = Diagnosis(
    "The database does not respond.",
    "Check the address in WASGO_CHAT_DATABASE_URL, that the server is running, and firewalls.",
)
_BUSY = Diagnosis("The database is overloaded, or another session holds a required lock.", "Run the command again.")


def diagnose(error: BaseException, *, migrating: bool = False) -> Diagnosis | None:
    """The explanation of a database error; None if it is a bug.

    Args:
        error: the error of a driver, of SQLAlchemy, or `Unavailable`.
        migrating: whether the statement changes the schema.
    """
    for cause in causes(error):
        if isinstance(cause, DatabaseReadOnly):
            return _READ_ONLY
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CERTIFICATE
        if isinstance(cause, ssl.SSLError) or "rejected SSL upgrade" in str(cause):
            return _TLS
        sqlstate = getattr(cause, "sqlstate", None)
        if sqlstate == "08P01" and "startup parameter" in str(cause):  # in English at every pooler
            return _PARAMETERS
        if sqlstate == "42501" and migrating:
            return _NO_CREATE
        if isinstance(sqlstate, str) and sqlstate in _BY_SQLSTATE:
            return _BY_SQLSTATE[sqlstate]
    if isinstance(error, Unavailable):
        return _BUSY if was_contention(error) else _UNREACHABLE
    return None
