"""Parses PostgreSQL URLs in libpq syntax into arguments of asyncpg, one set per host, and rejects invalid ones.

`psql` and `pg_dump` accept the same URLs. asyncpg accepts most libpq parameters only in a DSN, not as arguments; so
each host gets a DSN that consists of parameters only. `database/failover.py` decides the order of the hosts.
"""

import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode

FORM = "postgresql://user:password@host/name"

# A password may contain a slash, although libpq requires it to be written as %2F.
_URL = re.compile(
    r"(?:postgres|postgresql)(?:\+asyncpg)?://(?:(?P<user>[^:/?]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?]*)(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]*))?")

_ADDRESS_PARAMETERS = ("host", "port", "user", "password", "dbname", "database")
_DRIVER_PARAMETERS = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "options", "passfile",
    "krbsrvname", "gsslib",
)  # fmt: skip
_IGNORED_PARAMETERS = (
    "application_name", "fallback_application_name", "connect_timeout", "client_encoding", "keepalives",
    "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "channel_binding",
)  # fmt: skip
"""Accepted for compatibility with `psql` and similar tools. The service sets its own name and timeouts; the driver does
not support the other ones."""

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_ALLOWED_VALUES: Mapping[str, Sequence[str]] = {
    "sslmode": _MODES,
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS,
    "ssl_max_protocol_version": _TLS,
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "gsslib": ("gssapi", "sspi"),
    "client_encoding": ("UTF8", "utf8", "auto"),
    "gssencmode": ("disable", "prefer"),
    "channel_binding": ("disable", "prefer"),
}
_WRITABLE = ("any", "read-write", "primary")


def addresses(url: str) -> list[dict[str, Any]]:
    """Arguments of `asyncpg.connect`, one set per host of the URL.

    Raises:
        ValueError: the URL is invalid. The message never contains the user or password.
    """
    match, params = _split(url)
    common: dict[str, Any] = {name: unquote(match[name]) for name in ("user", "password", "database") if match[name]}
    common |= {name: params[name] for name in ("user", "password") if name in params}
    if database := params.get("dbname") or params.get("database"):
        common["database"] = database
    common |= _tls({name: value for name, value in params.items() if name in _DRIVER_PARAMETERS})
    if "host" in params:
        hosts = [_host(host) for host in params["host"].split(",")]
    else:
        hosts = [_host(host, is_quoted=True) for host in match["hosts"].split(",")]
    return [{**common, **host} for host in _with_ports(hosts, params.get("port", ""))]


def session_options(url: str) -> str:
    """The session settings of a URL (`options=-c name=value`), or an empty string."""
    return _split(url)[1].get("options", "")


def check(url: str, *, takes_writes: bool) -> str:
    """Validate a URL and the files that it refers to, and return it unchanged.

    Args:
        url: the URL.
        takes_writes: whether the server must be writable.

    Raises:
        ValueError: as `addresses`, or a file cannot be used.
    """
    addresses(url)
    _, params = _split(url)
    attributes = params.get("target_session_attrs", "any")
    if takes_writes and attributes not in _WRITABLE:
        raise ValueError(f"target_session_attrs={attributes} selects a read-only server; use read-write")
    _check_files(params)
    return url


def _split(url: str) -> tuple[re.Match[str], dict[str, str]]:
    if (match := _URL.fullmatch(url)) is None:
        raise ValueError(f"it is not a PostgreSQL URL: set it to {FORM}")
    return match, _parameters(match["query"] or "")


def _parameters(query: str) -> dict[str, str]:
    """The non-empty parameters. Repeated hosts are combined; of other repeated parameters, the last one counts."""
    params: dict[str, str] = {}
    for name, value in _pairs(query):
        if name not in (*_ADDRESS_PARAMETERS, *_DRIVER_PARAMETERS, *_IGNORED_PARAMETERS):
            raise ValueError(f"the parameter {name} is not supported; docs/deploy.md lists the supported ones")
        if name in _ALLOWED_VALUES and value not in _ALLOWED_VALUES[name]:
            *others, last = _ALLOWED_VALUES[name]
            raise ValueError(f"the parameter {name} must be {', '.join(others)} or {last}")
        params[name] = f"{params[name]},{value}" if name == "host" and name in params else value
    return params


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        name, has_value, value = (unquote(text) for text in part.partition("="))
        if not has_value or not name.isidentifier():
            raise ValueError("the part after `?` must have the form name=value&name=value")
        if name == "ssl":  # libpq accepts `ssl=true` (from JDBC), and asyncpg accepts the modes under this name
            name, value = "sslmode", "require" if value == "true" else value
        if value:
            yield name, value


def _host(text: str, *, is_quoted: bool = False) -> dict[str, Any]:
    if not is_quoted and (text.startswith("/") or (text.count(":") > 1 and text[0] != "[")):
        return {
            "host": text
        }  # the directory of a Unix socket, or an IPv6 address, which has no brackets in a parameter
    if (match := _HOST.fullmatch(text)) is None:
        raise ValueError("the host is invalid: use host:port, and commas between several hosts")
    name = match["v6"] or match["name"]
    host = unquote(name) if is_quoted else name
    return {**({"host": host} if host else {}), **({"port": _port(match["port"])} if match["port"] else {})}


def _with_ports(hosts: list[dict[str, Any]], port_list: str) -> list[dict[str, Any]]:
    """As in libpq, a single port applies to all hosts; otherwise there is one port per host."""
    ports = port_list.split(",")
    if len(hosts) > 1 and not all("host" in host for host in hosts):
        raise ValueError("one of several hosts has no name")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError("the number of ports differs from the number of hosts")
    return [{**host, **({"port": _port(port)} if port else {})} for host, port in zip(hosts, ports, strict=True)]


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("a port is not a number from 1 to 65535")
    return int(text)


def _tls(params: dict[str, str]) -> dict[str, Any]:
    mode = params.get("sslmode")
    if params.get("sslnegotiation") == "direct" and mode not in _MODES[3:]:
        raise ValueError("sslnegotiation=direct requires sslmode=require, verify-ca or verify-full")
    if params.get("sslrootcert") != "system":
        return {"dsn": f"postgresql://?{urlencode(params)}"} if params else {}
    if mode not in (None, "verify-full") or "sslcert" in params:
        raise ValueError("sslrootcert=system requires sslmode=verify-full, and no sslcert")
    rest = {name: value for name, value in params.items() if name not in ("sslmode", "sslrootcert")}
    return {"ssl": True, **({"dsn": f"postgresql://?{urlencode(rest)}"} if rest else {})}


def _check_files(params: Mapping[str, str]) -> None:
    """Report missing files early: the driver raises the same errors for them as for an unreachable database."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("sslrootcert", "sslcrl"):
        if (path := params.get(name, "system")) != "system":
            with _file_errors(name, path):
                context.load_verify_locations(path)
    if (certificate := params.get("sslcert")) is not None:
        key = params.get("sslkey") or os.environ.get("PGSSLKEY") or _in_home("postgresql.key")
        with _file_errors("sslcert or sslkey", certificate):
            context.load_cert_chain(certificate, key, lambda: params.get("sslpassword", ""))
    has_root = params.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or _in_home("root.crt")
    if params.get("sslmode", "").startswith("verify-") and not has_root:
        raise ValueError(f"sslmode={params['sslmode']} requires sslrootcert: a file with certificates, or `system`")


@contextmanager
def _file_errors(name: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # includes ssl.SSLError
        raise ValueError(f"the file of {name} cannot be used: {path} ({error.strerror or error})") from error


def _in_home(name: str) -> str | None:
    """A file that libpq and the driver use by default, if it exists and is readable."""
    path = os.path.expanduser(f"~/.postgresql/{name}")
    return path if os.path.exists(path) else None
