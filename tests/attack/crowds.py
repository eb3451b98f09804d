"""Large conversations, written to the database directly: through the API their creation would take most of a run."""

import asyncpg

from wasgo_chat.core.encoding import new_id


async def create_crowds(database_url: str, user: str, *, conversations: int, members: int) -> list[str]:
    """Support conversations of a user, with the same other members; their ids."""
    ids = [new_id() for _ in range(conversations)]
    people = [user, *(f"crowd-{number}" for number in range(members - 1))]
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO users (id, username) SELECT id, id FROM unnest($1::text[]) AS id ON CONFLICT DO NOTHING",
                sorted(people),
            )
            await connection.execute(
                "INSERT INTO conversations (id, conversation_type, title) "
                "SELECT id, 'support', 'A crowd' FROM unnest($1::uuid[]) AS id",
                ids,
            )
            await connection.execute(
                "INSERT INTO participants (conversation_id, user_id, role) "
                "SELECT c, u, CASE u WHEN $3 THEN 'admin' ELSE 'participant' END "
                "FROM unnest($1::uuid[]) AS c, unnest($2::text[]) AS u",
                ids,
                people,
                user,
            )
    finally:
        await connection.close()
    return [str(one) for one in ids]
