"""Retention: how far the log of a conversation is purged, and indexes for the purge.

Revision: 0007
Follows: 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from wasgo_chat.database.migrations import create_index_concurrently, drop_index_concurrently

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_events_changed",
        "events",
        ["conversation_id", "message_id"],
        where="type <> 'new_message' AND message_id IS NOT NULL",
    )
    op.add_column("conversations", sa.Column("purged_seq", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("conversations", "purged_seq")
    drop_index_concurrently("ix_events_changed")
