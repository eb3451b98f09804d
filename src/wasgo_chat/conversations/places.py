"""Where a user stands in a conversation, and its head: what every join and every page asks first, for many at once.

The same condition as in `access.enter`, as one statement for `core.lookups`; strangers and unknown ids are both absent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from wasgo_chat.core.direct import Direct

_PLACES = """
SELECT p.user_id, c.id, p.role, c.last_seq, c.reads_version
FROM unnest($1::text[], $2::uuid[]) AS k(user_id, conversation_id)
JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id AND p.left_seq IS NULL
JOIN conversations c ON c.id = k.conversation_id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A member's role, the head of the log, and how often was read."""

    role: str
    last_seq: int
    reads_version: int


async def places(direct: Direct, keys: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], Place]:
    """By user and conversation, for `Lookups`."""
    records = await direct.fetch(_PLACES, [key[0] for key in keys], [key[1] for key in keys])
    return {(user_id, conversation_id): Place(*place) for user_id, conversation_id, *place in records}
