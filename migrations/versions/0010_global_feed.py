"""The global feed: its rows, how far each log is in it, the offsets of consumers, and parked events.

The offsets in single logs (`reader_cursors`) are no longer written; a later migration drops them. Events that the
consumer of the release before has handled are not in the feed.

Revision: 0010
Follows: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("position", "sequenced_at", name=op.f("pk_feed")),
        postgresql_partition_by="RANGE (sequenced_at)",
    )
    op.create_table(
        "feed_heads",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_feed_heads")),
    )
    op.create_table(
        "feed_end",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_feed_end")),
    )
    op.create_table(
        "feed_offsets",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rebuilt_conversation", sa.Uuid(), nullable=True),
        sa.Column("rebuilt_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("consumer", "shard", name=op.f("pk_feed_offsets")),
    )
    op.create_table(
        "parked_events",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "conversation_id", name=op.f("pk_parked_events")),
    )
    op.execute("INSERT INTO feed_end (shard, position, sequenced_at) VALUES (0, 0, now())")
    op.execute(
        "INSERT INTO feed_offsets (consumer, shard, position, sequenced_at) VALUES ('notifications', 0, 0, now())"
    )
    # What the consumer has not handled begins the feed.
    op.execute(
        "INSERT INTO feed_heads (conversation_id, seq) "
        "SELECT c.id, CASE WHEN p.head IS NULL THEN c.last_seq ELSE COALESCE(r.seq, 0) END FROM conversations c "
        "LEFT JOIN pending p ON p.conversation_id = c.id "
        "LEFT JOIN reader_cursors r ON r.reader = 'notifications' AND r.conversation_id = c.id "
        "WHERE c.last_seq > 0"
    )
    # Each message checked it. Conversations are never deleted.
    op.execute("ALTER TABLE pending DROP CONSTRAINT IF EXISTS fk_pending_conversation_id_conversations")


def downgrade() -> None:
    op.create_foreign_key(
        "fk_pending_conversation_id_conversations",
        "pending",
        "conversations",
        ["conversation_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.drop_table("parked_events")
    op.drop_table("feed_offsets")
    op.drop_table("feed_end")
    op.drop_table("feed_heads")
    op.drop_table("feed")
