"""Types of settings that are written as one string: lists, maps, URLs and networks."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from wasgo_chat.conversation_types import ConversationTypeName
from wasgo_chat.core import postgres_dsn


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


# Split at white space: URLs may contain commas.
def _split_urls(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _database_url(url: str) -> str:
    return postgres_dsn.check(url, takes_writes=True) if url else url


def _replica_url(url: str) -> str:
    return postgres_dsn.check(url, takes_writes=False)


def _parse_map(value: object) -> object:
    """Parse `support=365,bid=730`."""
    parts = _split(value)
    return dict(part.partition("=")[::2] for part in parts) if isinstance(parts, list) else parts


def _network(name: str) -> str:
    ipaddress.ip_network(name)  # raises a clear error; "*" is rejected because it would trust every client
    return name


_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def _origin(value: str) -> str:
    """Normalize an origin to the form that browsers send, because origins are compared as strings."""
    match = _ORIGIN.fullmatch(value.lower())
    if match is None or int(match[3] or 0) > 65535:
        reason = "wildcards are not supported" if "*" in value else "it is not an origin"
        raise ValueError(f"{value} is invalid, {reason}: use scheme://host[:port] without a trailing slash")
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{scheme}://{host}:{port}"


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]

CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split)]

Origins = Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(_split)]

RetentionDays = Annotated[
    dict[ConversationTypeName, Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(_parse_map)
]

SpaceSeparatedUrls = Annotated[
    list[Annotated[str, AfterValidator(_replica_url)]], NoDecode, BeforeValidator(_split_urls)
]

ProxyNetworks = Annotated[list[Annotated[str, AfterValidator(_network)]], NoDecode, BeforeValidator(_split)]


def _check_levels(value: str) -> str:
    from wasgo_chat.core import log_levels  # noqa: PLC0415  reading settings does not need the loggers

    log_levels.parse(value)
    return value


LogLevels = Annotated[str, AfterValidator(_check_levels)]
