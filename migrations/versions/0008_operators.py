"""Indexes for lists over all conversations.

Revision: 0008
Follows: 0007
"""

from collections.abc import Sequence

from alembic import op

from wasgo_chat.database.migrations import create_index_concurrently

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # These columns do not change with a message, so sending does not update these indexes.
    create_index_concurrently("ix_conversations_type", "conversations", ["conversation_type", "id"])
    create_index_concurrently("ix_conversations_status", "conversations", ["status", "id"])
    create_index_concurrently(
        "ix_conversations_reference_id", "conversations", ["reference_id", "id"], where="reference_id IS NOT NULL"
    )
    words = "(to_tsvector('simple'::regconfig, translate(title, '-_./:@+~%&?=#', '             ')))"
    create_index_concurrently("ix_conversations_title", "conversations", [words], using="gin")


def downgrade() -> None:
    op.drop_index("ix_conversations_title", table_name="conversations")
    op.drop_index("ix_conversations_reference_id", table_name="conversations")
    op.drop_index("ix_conversations_status", table_name="conversations")
    op.drop_index("ix_conversations_type", table_name="conversations")
