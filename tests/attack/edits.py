"""Attacks by operations that are not messages, but cost as much."""

from typing import Any

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http, text
from wasgo_chat.core.encoding import new_id


async def _chat(attacker: Attacker) -> Any:
    user = attacker.user()
    chat = await attacker.job([user.id, *(one.id for one in attacker.users(9, "crowd"))], admin=user.id)
    return user, chat, await attacker.say(user, chat, 20)


MAX_EDITS = 120
"""Edits of one user that may pass in three seconds: thirty messages in ten seconds, with room for rounding."""


@attack("abuse", "edits of 10,000 characters by one socket", prepare=_chat, seconds=4, max_mb=30, is_short=True)
async def edits(attacker: Attacker) -> None:
    user, chat, messages = attacker.prepared
    fields = {"type": "edit_message", "conversation_id": chat, "message_id": messages[0], "ref": "e"}
    data = text({**fields, "content": "a" * 10_000}) + text({**fields, "content": "b" * 10_000})
    try:
        await attacker.flood("/ws/chat/", [user], data * 3)
    finally:
        attacker.expect(attacker.answers["ack"] <= MAX_EDITS, "more edits than messages may be sent")


@attack("abuse", "reactions added and removed by one socket", prepare=_chat)
async def reactions(attacker: Attacker) -> None:
    user, chat, messages = attacker.prepared
    fields = {"type": "react", "conversation_id": chat, "message_id": messages[0], "ref": "r"}
    data = b"".join(text({**fields, "emoji": emoji}) for emoji in "👍❤🎉😀")
    try:
        await attacker.flood("/ws/chat/", [user], data * 10)
    finally:
        attacker.expect(attacker.answers["ack"] <= MAX_EDITS, "more reactions than messages may be sent")


@attack("abuse", "edits and reactions by HTTP, on six connections", prepare=_chat)
async def edits_by_http(attacker: Attacker) -> None:
    user, _, messages = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        target = f"/chat/messages/{messages[lane]}"
        await attacker.ask(http, user, "POST", f"{target}/edit/", {"content": str(new_id()) * 200})
        await attacker.ask(http, user, "POST", f"{target}/react/", {"emoji": "👍"})

    try:
        await attacker.repeat(6, step)
    finally:
        attacker.expect(attacker.answers["200"] <= 2 * MAX_EDITS, "more edits than messages may be sent")


@attack("denial", "eight sockets edit, react to and delete one message", prepare=_chat)
async def one_contested_message(attacker: Attacker) -> None:
    user, chat, messages = attacker.prepared
    about = {"conversation_id": chat, "message_id": messages[-1]}
    data = (
        text({"type": "edit_message", **about, "content": "x"})
        + text({"type": "react", **about, "emoji": "x"})
        + text({"type": "mark_read", "conversation_id": chat, "message_ids": [messages[-1]]})
    )
    await attacker.flood("/ws/chat/", [user] * 8, data * 5)


@attack("denial", "participants added and removed, in turn", prepare=_chat)
async def participants_in_turn(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        body = {"user_id": f"stranger-{lane}-{chat}"}
        await attacker.ask(http, user, "POST", f"/chat/conversations/{chat}/add_participant/", body)
        await attacker.ask(http, user, "POST", f"/chat/conversations/{chat}/remove_participant/", body)

    await attacker.repeat(4, step)


@attack("denial", "preferences, archiving and titles changed in turn", prepare=_chat)
async def settings_in_turn(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared
    at = f"/chat/conversations/{chat}"

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(http, user, "PATCH", f"{at}/", {"title": str(new_id()), "settings": {"a": "x" * 7000}})
        await attacker.ask(http, user, "POST", f"{at}/archive/")
        await attacker.ask(http, user, "PUT", "/chat/notifications/preferences/", {"level": "none"})

    await attacker.repeat(4, step)
