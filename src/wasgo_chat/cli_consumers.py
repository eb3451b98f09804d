"""The commands `wasgo-chat consumers …`: the consumers of the feed, for operators."""

from typing import Annotated

import typer

from wasgo_chat.settings.config import CannotStart, Settings

consumers = typer.Typer(
    name="consumers",
    help="Show the consumers of the global feed, retry what they could not process, and rebuild them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The name of a consumer, as shown by `wasgo-chat consumers list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@consumers.command("list")
def list_consumers(as_json: AsJson = False) -> None:
    """List the consumers, and how far they are behind.

    A consumer that this installation does not run, because its feature is
    switched off, is not listed.
    """
    import asyncio
    import json

    from wasgo_chat.feed import admin

    settings = _settings()
    lags = asyncio.run(admin.list_consumers(settings, _running(settings)))
    print(json.dumps(lags, indent=2) if as_json else admin.as_table(lags))


@consumers.command()
def parked(name: Name, as_json: AsJson = False) -> None:
    """List the events that a consumer could not process.

    They are retried automatically, with increasing delays, and hold back only
    the later events of their own conversation.
    """
    import asyncio
    import json

    from wasgo_chat.feed import admin

    settings = _settings()
    events = asyncio.run(admin.list_parked(settings, _known(settings, name)))
    print(json.dumps(events, indent=2) if as_json else admin.as_table(events))


@consumers.command()
def retry(name: Name) -> None:
    """Retry all parked events of a consumer now, for example after a fix.

    The service processes them; run `wasgo-chat consumers parked` again to see
    whether it could.
    """
    import asyncio

    from wasgo_chat.feed import admin

    settings = _settings()
    conversations = asyncio.run(admin.retry(settings, _known(settings, name)))
    print(f"Retrying the parked events of {conversations} conversations.")


@consumers.command()
def rebuild(name: Name) -> None:
    """Make a consumer process the logs of all conversations again.

    This is for consumers that keep data of their own, such as an index. The
    service does it in the background; `wasgo-chat consumers list` shows when it
    is done. Until then the consumer does not process new events.
    """
    import asyncio

    from wasgo_chat.feature_registry import running_consumers
    from wasgo_chat.feed import admin

    settings = _settings()
    _known(settings, name)
    if not any(consumer.has_history for consumer in running_consumers(settings) if consumer.name == name):
        raise CannotStart(f"{name} processes new events only, so it cannot be rebuilt.")
    asyncio.run(admin.rebuild(settings, name))
    print(f"{name} processes the logs of all conversations again.")


def _settings() -> Settings:
    settings = Settings()
    settings.require_database()
    return settings


def _running(settings: Settings) -> list[str]:
    from wasgo_chat.feature_registry import running_consumers

    return [consumer.name for consumer in running_consumers(settings)]


def _known(settings: Settings, name: str) -> str:
    names = _running(settings)
    if name not in names:
        raise CannotStart(f"There is no consumer {name!r} here. The consumers are: {', '.join(names) or 'none'}.")
    return name
