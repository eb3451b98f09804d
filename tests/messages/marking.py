"""Marking messages as read."""

from tests.support.world import Json, Person


async def mark(by: Person, *messages: Json) -> Json:
    body = {"message_ids": [message["id"] for message in messages]}
    result: Json = await by.ok("POST", "/chat/messages/mark_multiple_read/", body)
    return result
