"""Where PostgreSQL is, from a URL as libpq takes it: what the driver is given for each host, and what cannot be meant.

`psql` and `pg_dump` take the same URL. The driver takes most parameters only in a URL, and has no argument for them; so
each host gets a URL that has parameters and nothing else. Which host is tried when is in `hosts.py`.
"""

import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode

FORM = "postgresql://user:password@host/name"

# A password may have a slash in it, which libpq would want written as %2F.
_URL = re.compile(
    r"(?:postgres|postgresql)(?:\+asyncpg)?://(?:(?P<user>[^:/?]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?]*)(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]*))?")

_PLACE = ("host", "port", "user", "password", "dbname", "database")
_DRIVERS = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "options", "passfile",
    "krbsrvname", "gsslib",
)  # fmt: skip
_OURS = (
    "application_name", "fallback_application_name", "connect_timeout", "client_encoding", "keepalives",
    "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "channel_binding",
)  # fmt: skip
"""For `psql` and its like: the service has its own name and time-outs, and the rest the driver does in one way only."""

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_VALUES: Mapping[str, Sequence[str]] = {
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
_TAKES_WRITES = ("any", "read-write", "primary")


def addresses(url: str) -> list[dict[str, Any]]:
    """Arguments of `asyncpg.connect`, one set for each host that the URL names.

    Raises:
        ValueError: it cannot be meant. The sentence has nothing of user and password in it.
    """
    found, given = _parts(url)
    place = {"user": found["user"], "password": found["password"], "database": found["database"]}
    place = {name: unquote(value) for name, value in place.items() if value}
    place |= {name: given[name] for name in ("user", "password") if name in given}
    if database := given.get("dbname") or given.get("database"):
        place["database"] = database
    how = {**place, **_security({name: value for name, value in given.items() if name in _DRIVERS})}
    if "host" in given:
        hosts = [_host(one) for one in given["host"].split(",")]
    else:
        hosts = [_host(one, is_quoted=True) for one in found["hosts"].split(",")]
    return [{**how, **one} for one in _with_ports(hosts, given.get("port", ""))]


def check(url: str, *, takes_writes: bool) -> str:
    """The URL, if it can be meant and the files that it names are there.

    Raises:
        ValueError: as `addresses`.
    """
    addresses(url)
    _, given = _parts(url)
    attributes = given.get("target_session_attrs", "any")
    if takes_writes and attributes not in _TAKES_WRITES:
        raise ValueError(f"target_session_attrs={attributes} asks for a server that takes no writes; take read-write")
    _check_files(given)
    return url


def _parts(url: str) -> tuple[re.Match[str], dict[str, str]]:
    if (found := _URL.fullmatch(url)) is None:
        raise ValueError(f"it is no URL of PostgreSQL: set it to {FORM}")
    return found, _parameters(found["query"] or "")


def _parameters(query: str) -> dict[str, str]:
    """Those that are not empty. Repeated hosts are several, else the last counts."""
    given: dict[str, str] = {}
    for name, value in _pairs(query):
        if name not in (*_PLACE, *_DRIVERS, *_OURS):
            raise ValueError(f"the parameter {name} is not known here; docs/deploy.md names those that are")
        if name in _VALUES and value not in _VALUES[name]:
            *others, last = _VALUES[name]
            raise ValueError(f"the parameter {name} may be {', '.join(others)} or {last}, and nothing else")
        given[name] = f"{given[name]},{value}" if name == "host" and name in given else value
    return given


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        name, has_value, value = (unquote(one) for one in part.partition("="))
        if not has_value or not name.isidentifier():
            raise ValueError("what stands behind its `?` is not name=value&name=value")
        if name == "ssl":  # libpq takes `ssl=true`, of JDBC; the driver takes the modes by that name
            name, value = "sslmode", "require" if value == "true" else value
        if value:
            yield name, value


def _host(given: str, *, is_quoted: bool = False) -> dict[str, Any]:
    if not is_quoted and (given.startswith("/") or (given.count(":") > 1 and given[0] != "[")):
        return {"host": given}  # a socket's folder; an address of IPv6, which in a parameter has no brackets
    if (found := _HOST.fullmatch(given)) is None:
        raise ValueError("its host cannot be read: write host:port, with several separated by commas")
    name = found["v6"] or found["name"]
    host = unquote(name) if is_quoted else name
    return {**({"host": host} if host else {}), **({"port": _port(found["port"])} if found["port"] else {})}


def _with_ports(hosts: list[dict[str, Any]], given: str) -> list[dict[str, Any]]:
    """A single port is of all hosts, as in libpq; several are one each."""
    ports = given.split(",")
    if len(hosts) > 1 and not all("host" in one for one in hosts):
        raise ValueError("one of its several hosts has no name")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError("it has not as many ports as hosts")
    return [{**host, **({"port": _port(port)} if port else {})} for host, port in zip(hosts, ports, strict=True)]


def _port(given: str) -> int:
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise ValueError("a port of it is not a number from 1 to 65535")
    return int(given)


def _security(given: dict[str, str]) -> dict[str, Any]:
    mode = given.get("sslmode")
    if given.get("sslnegotiation") == "direct" and mode not in _MODES[3:]:
        raise ValueError("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
    if given.get("sslrootcert") != "system":
        return {"dsn": f"postgresql://?{urlencode(given)}"} if given else {}
    if mode not in (None, "verify-full") or "sslcert" in given:
        raise ValueError("sslrootcert=system goes with sslmode=verify-full, and without sslcert")
    rest = {name: value for name, value in given.items() if name not in ("sslmode", "sslrootcert")}
    return {"ssl": True, **({"dsn": f"postgresql://?{urlencode(rest)}"} if rest else {})}


def _check_files(given: Mapping[str, str]) -> None:
    """The driver would say of a file that is missing what it says of a database that is away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("sslrootcert", "sslcrl"):
        if (path := given.get(name, "system")) != "system":
            with _said_of(name, path):
                context.load_verify_locations(path)
    if (own := given.get("sslcert")) is not None:
        key = given.get("sslkey") or os.environ.get("PGSSLKEY") or _at_home("postgresql.key")
        with _said_of("sslcert, or that of sslkey,", own):
            context.load_cert_chain(own, key, lambda: given.get("sslpassword", ""))
    is_rooted = given.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or _at_home("root.crt")
    if given.get("sslmode", "").startswith("verify-") and not is_rooted:
        raise ValueError(f"sslmode={given['sslmode']} needs sslrootcert: a file of certificates, or `system`")


@contextmanager
def _said_of(name: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # of which those of TLS are some
        raise ValueError(f"the file of {name} cannot be used: {path} ({error.strerror or error})") from error


def _at_home(name: str) -> str | None:
    """A file that libpq and the driver look for by themselves; there may be no home, or a closed one."""
    path = os.path.expanduser(f"~/.postgresql/{name}")
    return path if os.path.exists(path) else None
