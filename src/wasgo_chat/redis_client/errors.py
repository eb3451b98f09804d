"""Why Redis cannot be used, and what to do. `doctor` and the log of the service give the same explanation."""

import ssl

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)

from wasgo_chat.core.diagnosis import Diagnosis, causes

_UNREACHABLE_REMEDY = (
    "Check the address in WASGO_CHAT_REDIS_URL and that the server is running; use rediss:// if it uses TLS, else "
    "redis://. Without Redis, messages reach other workers with a delay of about a second."
)
_LOGIN = Diagnosis("Wrong user or password of Redis.", "Correct them in WASGO_CHAT_REDIS_URL.")
_CERTIFICATE = Diagnosis(
    "The certificate of Redis is not trusted.",
    "Add ?ssl_ca_certs=FILE with the certificates of its authority to WASGO_CHAT_REDIS_URL.",
)
_TLS = Diagnosis(
    "The TLS connection to Redis fails.",
    "Use redis:// instead of rediss:// if the server does not use TLS at this port; else check its certificate.",
)
_BY_TYPE: dict[type[Exception], Diagnosis] = {
    BusyLoadingError: Diagnosis("Redis is loading its data.", "Wait until it has started."),
    ReadOnlyError: Diagnosis("Redis is a read-only replica.", "Name its primary in WASGO_CHAT_REDIS_URL."),
    OutOfMemoryError: Diagnosis(
        "Redis has reached maxmemory and rejects writes.",
        "CONFIG SET maxmemory-policy volatile-ttl: all keys of the service expire.",
    ),
    MaxConnectionsError: Diagnosis("Redis has no free connection.", "Increase maxclients."),
    ClusterDownError: Diagnosis(
        "The Redis cluster is down: some slots have no primary.", "Run CLUSTER NODES and start the nodes that are down."
    ),
}


def diagnose_redis(error: BaseException) -> Diagnosis:
    """The explanation of an error of redis-py."""
    for cause in causes(error):
        text = str(cause)
        if isinstance(cause, NoPermissionError) or "NOPERM" in text or "ACL failure" in text:
            return Diagnosis(
                f"The Redis user lacks a permission: {_permission(text)}.",
                "Grant the rights that docs/operations.md#rights-in-redis lists.",
            )
        if isinstance(cause, AuthenticationError):
            return _LOGIN
        if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in text:
            return _CERTIFICATE
        if isinstance(cause, ssl.SSLError) or "[SSL" in text:
            return _TLS
        for kind, diagnosis in _BY_TYPE.items():
            if isinstance(cause, kind):
                return diagnosis
        if "max number of clients" in text:
            return _BY_TYPE[MaxConnectionsError]
    return Diagnosis(f"Redis does not respond ({type(error).__name__}).", _UNREACHABLE_REMEDY)


def _permission(text: str) -> str:
    """What Redis says about a missing permission, without its error code."""
    return text.removeprefix("NOPERM").strip().rstrip(".")
