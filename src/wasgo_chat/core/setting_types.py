"""The forms that settings have as environment variables: lists, maps, URLs and networks, written as one string."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from wasgo_chat.conversation_types import ConversationTypeName
from wasgo_chat.core import postgres_dsn


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _split_urls(value: object) -> object:
    """By blanks, as a URL may hold commas."""
    return value.split() if isinstance(value, str) else value


def _database(url: str) -> str:
    return postgres_dsn.check(url, takes_writes=True) if url else url


def _standby(url: str) -> str:
    return postgres_dsn.check(url, takes_writes=False)


def _by_name(value: object) -> object:
    """`support=365,bid=730`."""
    parts = _split(value)
    return dict(part.partition("=")[::2] for part in parts) if isinstance(parts, list) else parts


def _network(name: str) -> str:
    ipaddress.ip_network(name)  # says itself what is wrong; "*" is no network, and would believe everybody
    return name


_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_USUAL_PORTS = {"http": "80", "https": "443"}


def _origin(given: str) -> str:
    """As browsers write it: what is compared is every character."""
    found = _ORIGIN.fullmatch(given.lower())
    if found is None or int(found[3] or 0) > 65535:
        why = "sockets compare exactly, so each origin is named" if "*" in given else "it is no origin"
        raise ValueError(f"{given} is not taken, as {why}: scheme://host[:port], without a slash behind it")
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" if port in (None, _USUAL_PORTS.get(scheme)) else f"{scheme}://{host}:{port}"


DatabaseUrl = Annotated[str, AfterValidator(_database)]

CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split)]

Origins = Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(_split)]

RetentionDays = Annotated[dict[ConversationTypeName, Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(_by_name)]

SpaceSeparatedUrls = Annotated[list[Annotated[str, AfterValidator(_standby)]], NoDecode, BeforeValidator(_split_urls)]

ProxyNetworks = Annotated[list[Annotated[str, AfterValidator(_network)]], NoDecode, BeforeValidator(_split)]


def _checked_levels(given: str) -> str:
    from wasgo_chat.core import log_levels  # noqa: PLC0415  the loggers are not needed to read settings

    log_levels.parse(given)
    return given


LogLevels = Annotated[str, AfterValidator(_checked_levels)]
