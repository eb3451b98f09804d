"""A message writes two index entries and checks two foreign keys less.

No statement searches by `reply_to`. The unique index of `client_id` now contains all messages, so that it finds the
messages of a sender too, and replaces the index of `sender_id`. The foreign keys of `messages` and `events` to
`conversations` were checked for each message, whose transaction has locked that row; conversations are never deleted.

Revision: 0013
Follows: 0011
"""

from collections.abc import Sequence

from alembic import op

from wasgo_chat.database.migrations import create_index_concurrently, drop_index_concurrently

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    by_sender = ["conversation_id", "sender_id", "client_id"]
    create_index_concurrently("uq_messages_sender_client_id", "messages", by_sender, unique=True)
    drop_index_concurrently("uq_messages_client_id")
    drop_index_concurrently("ix_messages_sender_id")
    drop_index_concurrently("ix_messages_conversation_id_reply_to")
    # In the order in which a send locks the tables: in another order, both could wait for each other.
    op.execute("LOCK TABLE conversations, messages, events")  # allowed: nothing is read or written under the lock
    for table in ("messages", "events"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS fk_{table}_conversation_id_conversations")


def downgrade() -> None:
    create_index_concurrently("ix_messages_conversation_id_reply_to", "messages", ["conversation_id", "reply_to"])
    create_index_concurrently("ix_messages_sender_id", "messages", ["sender_id"])
    create_index_concurrently(
        "uq_messages_client_id",
        "messages",
        ["conversation_id", "sender_id", "client_id"],
        unique=True,
        where="client_id IS NOT NULL",
    )
    drop_index_concurrently("uq_messages_sender_client_id")
    op.execute("LOCK TABLE conversations, messages, events")
    names = {table: f"fk_{table}_conversation_id_conversations" for table in ("messages", "events")}
    for table, name in names.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")  # of an attempt that failed below
        op.create_foreign_key(
            name, table, "conversations", ["conversation_id"], ["id"], ondelete="CASCADE", postgresql_not_valid=True
        )
    with op.get_context().autocommit_block():  # reads the tables without blocking writes
        for table, name in names.items():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
