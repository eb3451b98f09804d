"""Presence with the feature off: every user counts as offline, and nothing is stored or published."""

from collections.abc import Collection

from wasgo_chat.presence.tracker import OnChange, Presence


class DisabledPresence(Presence):
    """A substitute for `Presence` without Redis and without a loop."""

    def __init__(self) -> None:
        pass

    def add_listener(self, listener: OnChange) -> None:
        pass

    def connected(self, user_id: str) -> None:
        pass

    def disconnected(self, user_id: str) -> None:
        pass

    async def online(self, user_ids: Collection[str]) -> set[str]:
        return set()

    async def run(self) -> None:
        pass

    async def close(self) -> None:
        pass
